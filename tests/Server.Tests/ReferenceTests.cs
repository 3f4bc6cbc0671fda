namespace Kvmscope.Server.Tests;

public sealed class ReferenceTests
{
    [Fact]
    public void The_server_knows_Core_only()
    {
        string[] own = [.. typeof(IMetricsSource).Assembly.GetReferencedAssemblies().Select(a => a.Name!)
            .Where(name => name.StartsWith("Kvmscope", StringComparison.Ordinal))];
        Assert.All(own, name => Assert.Equal("Kvmscope.Core", name));
    }
}
