using System.Diagnostics;
using System.Text.Json;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A built-in guest in a process of its own. It waits after its warm-up and after its work.</summary>
internal sealed class GuestProcess : ChildProcess
{
    private IReadOnlyDictionary<ExitKey, ulong>? _made;

    /// <summary>Starts it and waits until it has warmed up.</summary>
    /// <param name="program">lab-suite, or a link to it that names the VM.</param>
    /// <param name="arguments">Its command and the arguments of that.</param>
    internal GuestProcess(string program, params IEnumerable<string> arguments)
        : base(program, [.. arguments, "hold"]) => WaitFor("ready");

    /// <summary>The exits that it made, all vCPUs together.</summary>
    internal IReadOnlyDictionary<ExitKey, ulong> Made => _made ?? throw new InvalidOperationException("not done");

    /// <summary>When its work was let start, by Stopwatch.</summary>
    internal long Began { get; private set; }

    /// <summary>Lets it start its work.</summary>
    internal GuestProcess Go()
    {
        Began = Stopwatch.GetTimestamp();
        WriteLine();
        return this;
    }

    /// <summary>Waits until its work is done; no vCPU runs afterwards.</summary>
    internal GuestProcess WaitDone()
    {
        string line = ReadLine() ?? throw new SuiteFailure($"the guest ended with {WaitForEnd()}: {Errors}");
        _made = ParseMade(line);
        return this;
    }

    /// <summary>The exits that a guest made, from the line that it printed.</summary>
    internal static IReadOnlyDictionary<ExitKey, ulong> ParseMade(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty("exits").EnumerateArray().ToDictionary(
            e => new ExitKey(e.GetProperty("code").GetUInt64(), e.GetProperty("level").GetInt32()),
            e => e.GetProperty("count").GetUInt64());
    }

    internal GuestProcess Run() => Go().WaitDone();

    /// <summary>Ends it.</summary>
    internal void End()
    {
        WriteLine();
        Check.Equal(0, WaitForEnd(), "status of the guest");
    }
}
