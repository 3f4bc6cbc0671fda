using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Server.Metrics.Otlp;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Where metrics are pushed to, as it is typed.</summary>
public sealed class OtlpOptionTests
{
    private readonly List<string> _warnings = [];

    [Fact]
    public void Nothing_is_pushed_unless_it_is_said_where_to() => Assert.Null(Read(""));

    [Fact]
    public void What_is_not_typed_has_a_default()
    {
        OtlpOptions options = Read("--otlp http://collector:4318/x?y=z")!;
        Assert.Equal("http://collector:4318/x?y=z", options.Url.AbsoluteUri);
        Assert.Equal((TimeSpan.FromMinutes(1), "host1", ProgramHelp.Version), (options.Interval, options.Host, options.Version));
        Assert.Empty(options.Headers);
        Assert.Null(options.Tls);
        Assert.NotNull(Read("--otlp https://collector")!.Tls);
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("90", 90)]
    [InlineData("1500ms", 1.5)]
    [InlineData("1h", 3600)]
    public void It_is_pushed_as_often_as_is_said(string interval, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read($"--otlp http://collector --otlp-interval {interval}")!.Interval);

    [Theory]
    [InlineData("--otlp-interval 1m", "--otlp-interval needs --otlp", "Add --otlp URL.")]
    [InlineData("--otlp-headers x", "--otlp-headers needs --otlp", "Add --otlp URL.")]
    [InlineData("--otlp-ca x", "--otlp-ca needs --otlp", "Add --otlp URL.")]
    [InlineData("--otlp-cert x", "--otlp-cert needs --otlp", "Add --otlp URL.")]
    [InlineData("--otlp-key x", "--otlp-key needs --otlp", "Add --otlp URL.")]
    [InlineData("--otlp https://a --otlp-key x", "--otlp-cert and --otlp-key belong together", "Give both.")]
    [InlineData("--otlp https://a --otlp-cert x", "--otlp-cert and --otlp-key belong together", "Give both.")]
    [InlineData("--otlp http://a --otlp-ca x", "--otlp-ca, --otlp-cert and --otlp-key are for HTTPS",
        "Give a URL that begins with https://.")]
    [InlineData("--otlp http://a --otlp-cert x --otlp-key y", "--otlp-ca, --otlp-cert and --otlp-key are for HTTPS",
        "Give a URL that begins with https://.")]
    [InlineData("--otlp /v1/metrics", "--otlp '/v1/metrics' is not a URL of HTTP", "Give one such as http://collector:4318")]
    [InlineData("--otlp collector", "--otlp 'collector' is not a URL of HTTP", "Give one such as http://collector:4318")]
    [InlineData("--otlp ftp://a", "--otlp 'ftp://a' is not a URL of HTTP", "Give one such as http://collector:4318")]
    [InlineData("--otlp http://a/#b", "--otlp 'http://a/#b' is not a URL of HTTP", "Give one such as http://collector:4318")]
    [InlineData("--otlp http://me@a", "--otlp has a name or a password in its URL",
        "Put it into the file of --otlp-headers: Authorization: Basic ...")]
    [InlineData("--otlp http://a --otlp-interval 999ms", "--otlp-interval '999ms' is out of range", "Give a time from 1s to 1h.")]
    [InlineData("--otlp http://a --otlp-interval 3601s", "--otlp-interval '3601s' is out of range", "Give a time from 1s to 1h.")]
    [InlineData("--otlp http://a --otlp-interval soon", "--otlp-interval 'soon' is not a time",
        "Give a number and a unit: 500ms, 10s, 5m, 1h; a bare number is seconds.")]
    public void What_makes_no_sense_is_said_with_the_fix(string line, string message, string fix)
    {
        var error = Assert.Throws<KvmscopeException>(() => Read(line));
        Assert.Equal((ExitStatus.Usage, message, fix), (error.Status, error.Message, error.Hint));
    }

    [Theory]
    [InlineData("http://collector", 1)]
    [InlineData("http://192.0.2.1:4318", 1)]
    [InlineData("http://[2001:db8::1]", 1)]
    [InlineData("http://localhost:4318", 0)]
    [InlineData("http://127.0.0.2", 0)]
    [InlineData("http://[::1]:4318", 0)]
    [InlineData("https://collector", 0)]
    public void Headers_that_cross_the_network_unencrypted_are_warned_of(string url, int warnings)
    {
        using var folder = new Recorder();
        string file = folder["headers"];
        File.WriteAllText(file, "Authorization: Bearer x\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Equal([("Authorization", "Bearer x")], Read($"--otlp {url} --otlp-headers {file}")!.Headers);
        Assert.Equal(
            Enumerable.Repeat("without https, the headers of --otlp cross the network unencrypted.", warnings), _warnings);
        _warnings.Clear();
        Read($"--otlp {url}");
        Assert.Empty(_warnings);
    }

    private OtlpOptions? Read(string line)
    {
        var options = new OtlpOptionGroup();
        var command = new Command("serve");
        foreach (Option option in options.Group.Options) command.Options.Add(option);
        return options.Read(command.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), "host1", _warnings.Add);
    }
}
