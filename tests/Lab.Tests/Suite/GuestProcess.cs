using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A built-in guest in a process of its own. It waits after its warm-up and after its work.</summary>
internal sealed class GuestProcess : ChildProcess
{
    private static readonly ExitKey s_wfx = new(0x201, 1);

    private IReadOnlyDictionary<ExitKey, ulong>? _made;
    private ulong _wfiBefore;

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
        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64) _wfiBefore = KvmCounters.Of(Pid, "wfi_exit_stat");
        Began = Stopwatch.GetTimestamp();
        WriteLine();
        return this;
    }

    /// <summary>Waits until its work is done; no vCPU runs afterwards.</summary>
    internal GuestProcess WaitDone()
    {
        string line = ReadLine() ?? throw new SuiteFailure($"the guest ended with {WaitForEnd()}: {Errors}");
        IReadOnlyDictionary<ExitKey, ulong> made = ParseMade(line);
        _made = made.TryGetValue(s_wfx, out ulong wfi) ? new Dictionary<ExitKey, ulong>(made) { [s_wfx] = Trapped(wfi) } : made;
        return this;
    }

    /// <summary>
    /// Of the WFI of an arm64 guest, those that KVM saw. Where an interrupt of the host is pending, WFI may end at once without a trap
    /// (Arm DDI 0487, HCR_EL2.TWI: "if the instruction would otherwise have caused the PE to enter a low-power state"), and no guest can
    /// know when that is.
    /// </summary>
    private ulong Trapped(ulong wfi)
    {
        ulong trapped = KvmCounters.Of(Pid, "wfi_exit_stat") - _wfiBefore;
        Check.AtMost(wfi, trapped, "WFI by KVM's own counter against those of the guest");
        Check.AtLeast((wfi + 1) / 2, trapped, "WFI by KVM's own counter against those of the guest");
        return trapped;
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
