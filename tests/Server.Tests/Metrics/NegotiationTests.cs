using Kvmscope.Server.Metrics;

namespace Kvmscope.Server.Tests.Metrics;

public sealed class NegotiationTests
{
    private const string Protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

    [Theory]
    [InlineData("", "Text")]
    [InlineData("*/*", "Text")]
    [InlineData("text/html,*/*;q=0.8", "Text")]
    [InlineData("image/png", "Text")]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "OpenMetrics")]
    [InlineData(Protobuf + ",application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "Protobuf")]
    [InlineData(Protobuf + ";q=0.3,text/plain;q=0.4", "Text")]
    [InlineData("application/vnd.google.protobuf;proto=other;encoding=delimited,text/plain;q=0.4", "Text")]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text,text/plain;q=0.4", "Text")]
    [InlineData("application/openmetrics-text;version=2.0.0;q=1,text/plain;version=1.0.0;q=0.9,*/*;q=0.1", "Text")]
    [InlineData("application/openmetrics-text;q=0,text/plain;q=0.1", "Text")]
    [InlineData("Application/OpenMetrics-Text; Version=\"1.0.0\" ; Q=0.9 , text/plain ; q=0.5", "OpenMetrics")]
    [InlineData("application/openmetrics-text;q=nan", "Text")]
    [InlineData(";;;,,,=;q=", "Text")]
    public void The_highest_q_of_what_is_offered_decides(string accept, string format) =>
        Assert.Equal(format, Negotiation.Choose(accept).ToString());
}
