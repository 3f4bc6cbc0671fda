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
    public void Queries_of_the_page_are_queries()
    {
        string[] blocks = File.ReadAllText(Path.Combine(Repository.Root, "docs", "metrics.md")).Split("```promql\n")[1..];
        string[] queries = [.. blocks.SelectMany(block => block.Split("\n```")[0].Split('\n'))];
        Assert.True(queries.Length >= 10);
        string rules = "groups:\n- name: page\n  rules:\n"
            + string.Concat(queries.Select((query, i) => $"  - record: query:{i}\n    expr: '{query}'\n"));
        string file = Path.GetTempFileName();
        File.WriteAllText(file, rules);
        (int status, string output) = Programs.Run("promtool", "", "check", "rules", file);
        File.Delete(file);
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
