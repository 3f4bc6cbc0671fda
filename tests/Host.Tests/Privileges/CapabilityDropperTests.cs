using System.Diagnostics;
using System.Globalization;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Tests.Privileges;

/// <summary>Really drops privileges, each time in a process of its own (Program.cs).</summary>
public sealed class CapabilityDropperTests
{
    [PrivilegedFact]
    public void Root_drops_everything_on_every_thread()
    {
        Outcome outcome = Run();
        Assert.Equal(0UL, outcome.Kept);
        Assert.Empty(outcome.Holding);
        Assert.Equal("", outcome.Problem);
        Assert.True(outcome.Threads.Count > 2);
        uint user = UserIds.Of("kvmscope")?.User ?? 65534;
        Assert.All(outcome.Threads, thread => Assert.Contains($"{thread.Key} Uid: {user} {user} {user} {user}", outcome.Lines));
        Assert.All(outcome.Threads, thread => Assert.Equal(0UL, thread.Value));
    }

    [Fact]
    public void A_user_is_found_by_name_and_never_root()
    {
        string[] other = File.ReadAllLines("/etc/passwd").Select(line => line.Split(':')).First(u => u[2] != "0" && u[3] != "0");
        Assert.Equal((uint.Parse(other[2], CultureInfo.InvariantCulture), uint.Parse(other[3], CultureInfo.InvariantCulture)),
            UserIds.Of(other[0]));
        Assert.Null(UserIds.Of("root"));
        Assert.Null(UserIds.Of("no-such-user"));
    }

    [PrivilegedFact("setpriv")]
    public void Supplementary_groups_go_and_exec_gives_nothing_back()
    {
        Outcome outcome = Run([], "setpriv", "--groups", "0,4,27");
        Assert.Equal("", outcome.Problem);
        Assert.All(outcome.Threads, thread => Assert.Contains($"{thread.Key} Groups:", outcome.Lines));
        Assert.Contains($"{outcome.Pid} NoNewPrivs: 1", outcome.Lines);
    }

    [PrivilegedFact("setpriv")]
    public void Root_that_may_not_change_its_user_says_so()
    {
        Outcome outcome = Run([], "setpriv", "--bounding-set", "-setuid");
        Assert.StartsWith("it is still root (user 0)", outcome.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(outcome.Holding);
    }

    [PrivilegedFact]
    public void Root_keeps_named_capabilities_on_the_calling_thread_only()
    {
        Outcome outcome = Run("DacReadSearch");
        Assert.Equal(CapabilitySet.Of(Capability.DacReadSearch).Bits, outcome.Kept);
        Assert.Empty(outcome.Holding);
        Assert.Equal(outcome.Kept, outcome.Threads[outcome.Pid]);
        Assert.All(outcome.Threads, thread => Assert.Equal(0UL, thread.Value & ~outcome.Kept));
    }

    [PrivilegedFact("setpriv")]
    public void Without_root_capabilities_are_dropped_where_possible_and_the_rest_is_reported()
    {
        Outcome outcome = Run([], "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
            // The third is needed to read the assemblies in any folder.
            "--inh-caps", "+bpf,+perfmon,+dac_read_search", "--ambient-caps", "+bpf,+perfmon,+dac_read_search");
        Assert.Equal(0UL, outcome.Kept);
        Assert.Equal(0UL, outcome.Threads[outcome.Pid]);
        // Threads start and end between the report and this list, so only threads in both can be compared.
        Assert.All(outcome.Holding, tid => Assert.NotEqual(0UL, outcome.Threads.GetValueOrDefault(tid, 1UL)));
        Assert.NotEmpty(outcome.Holding);
        // The only thread of the runtime that can be made to drop.
        string finalizer = Assert.Single(outcome.Lines, line => line.Contains("Name: .NET Finali", StringComparison.Ordinal));
        Assert.Equal(0UL, outcome.Threads[int.Parse(finalizer.Split(' ')[0], CultureInfo.InvariantCulture)]);
        Assert.Matches("^[0-9]+ threads? still ha(s|ve) capabilities$", outcome.Problem);
    }

    // Root without capabilities is not privileged either, can read the assemblies, and says that it stays root.
    [UnprivilegedFact]
    public void An_unprivileged_process_may_drop_too()
    {
        bool isRoot = Environment.IsPrivilegedProcess;
        Outcome outcome = Run([], isRoot ? ["setpriv", "--inh-caps", "-all", "--bounding-set", "-all"] : []);
        Assert.Equal((0UL, isRoot ? "it is still root (user 0)" : ""), (outcome.Kept, outcome.Problem));
        Assert.All(outcome.Threads, thread => Assert.Equal(0UL, thread.Value));
        Assert.Contains($"{outcome.Pid} NoNewPrivs: 1", outcome.Lines);
    }

    private static Outcome Run(params string[] kept) => Run(kept, []);

    private static Outcome Run(string[] kept, params string[] prefix)
    {
        string[] command = [.. prefix, Environment.ProcessPath!, typeof(CapabilityDropperTests).Assembly.Location, "drop", .. kept];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        // Otherwise the dotnet command looks for a home folder.
        start.Environment["DOTNET_CLI_HOME"] = "/tmp";
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
        string[][] lines =
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
        return new Outcome(
            child.Id,
            Hex(lines.Single(line => line[0] == "kept")[1]),
            [.. lines.Single(line => line[0] == "holding")[1..].Select(int.Parse)],
            string.Join(' ', lines.Single(line => line[0] == "problem")[1..]),
            [.. lines.Where(line => line[0] == "line").Select(line => string.Join(' ', line[1..]))],
            lines.Where(line => line[0] == "thread").ToDictionary(
                line => int.Parse(line[1], CultureInfo.InvariantCulture), line => Hex(line[2])));
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private sealed record Outcome(int Pid, ulong Kept, int[] Holding, string Problem, string[] Lines, Dictionary<int, ulong> Threads);
}
