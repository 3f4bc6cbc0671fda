namespace Kvmscope.Server.Tests.Metrics;

/// <summary>What is under deploy/.</summary>
public sealed class DeployTests
{
    private static string Folder => Path.Combine(Repository.Root, "deploy/prometheus");

    [NeedsProgramFact("promtool")]
    public void Rules_and_alerts_do_what_they_say()
    {
        (int status, string output) = Programs.Run("promtool", "", "test", "rules", Path.Combine(Folder, "rules.test.yml"));
        Assert.True(status == 0, output);
    }

    [NeedsProgramFact("promtool")]
    public void The_configuration_is_one()
    {
        (int status, string output) =
            Programs.Run("promtool", "", "check", "config", "--syntax-only", Path.Combine(Folder, "prometheus.yml"));
        Assert.True(status == 0, output);
    }
}
