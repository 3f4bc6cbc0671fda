using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Slow exits for people: one line each as they happen, in columns whose widths depend only on the style, so that they do not move. Where
/// several processes have VMs of one name, the pid follows the name.
/// </summary>
internal sealed class TextSlowExitWriter : IOutputWriter<SlowExit>
{
    private const int LiveTime = 15, RecordedTime = 32, VcpuWidth = 4, LevelWidth = 2, DurationWidth = 8;
    private const int MinVm = 8, MaxVm = 24, MinReason = 18, MaxReason = 26;

    private readonly ViewStyle _style;
    private readonly TextWriter _output;
    private readonly int _timeWidth, _vmWidth, _reasonWidth;
    private readonly char[] _line;
    private readonly bool _isVerbose, _isRecorded;
    private readonly Dictionary<string, int> _pids = [];
    private readonly HashSet<string> _repeated = [];
    private bool _hasHeader;

    internal TextSlowExitWriter(ViewStyle style, SlowExitRequest request, TextWriter output)
    {
        _style = style;
        _isVerbose = request.IsVerbose;
        _isRecorded = request.IsRecorded;
        _timeWidth = _isRecorded ? RecordedTime : LiveTime;
        foreach (KnownVm known in request.Known) Learn(known.Pid, known.Name);
        _output = output;
        // If there is no room for the VM, neither it nor its vCPU is shown.
        int rest = style.Width - _timeWidth - LevelWidth - DurationWidth - 3;
        int both = rest - VcpuWidth - 2;
        if (both >= MinVm + MinReason)
        {
            // With a date, the rest has little room: a name and its pid first.
            _reasonWidth = Math.Clamp(both - (_isRecorded ? MaxVm : MinVm), MinReason, MaxReason);
            _vmWidth = Math.Min(both - _reasonWidth, MaxVm);
        }
        else _reasonWidth = Math.Clamp(rest, 4, MaxReason);
        int vm = _vmWidth > 0 ? _vmWidth + VcpuWidth + 2 : 0;
        _line = new char[_timeWidth + vm + LevelWidth + _reasonWidth + DurationWidth + 3];
    }

    public void Write(in SlowExit exit)
    {
        if (!_hasHeader) WriteLine("Time", "VM", "vCPU", "Lv", "Reason", "Duration", RowTone.Bold);
        _hasHeader = true;
        WriteLine(
            _isRecorded ? WallTime.Exact(exit.At) : exit.At.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture), NameOf(exit.Vm),
            exit.Vcpu.ToString(CultureInfo.InvariantCulture), exit.Level == ExitLevel.L2 ? "L2" : "L1", ExitReasons.Name(exit.Code),
            ScaledText.Time(exit.DurationNs, _style.Unicode), RowTone.Plain);
        if (_isVerbose) SlowExitDetail.Write(_output, exit, _style);
    }

    private void Learn(int pid, string name)
    {
        if (!_pids.TryAdd(name, pid) && _pids[name] != pid) _repeated.Add(name);
    }

    // A long name is cut before its pid, which tells it apart.
    private string NameOf(VmIdentity vm)
    {
        Learn(vm.Pid, vm.Name);
        if (!_repeated.Contains(vm.Name)) return vm.Name;
        string pid = string.Create(CultureInfo.InvariantCulture, $" ({vm.Pid})");
        int room = _vmWidth - pid.Length;
        if (room <= 0 || vm.Name.Length <= room) return vm.Name + pid;
        Span<char> name = stackalloc char[room];
        name.Fill(' ');
        TextCell.WriteText(name, vm.Name, left: true, _style.Unicode);
        return string.Concat(name.TrimEnd(), pid);
    }

    private void WriteLine(string time, string vm, string vcpu, string level, string reason, string duration, RowTone tone)
    {
        Array.Fill(_line, ' ');
        int at = Put(0, _timeWidth, time, left: true);
        if (_vmWidth > 0)
        {
            at = Put(at, _vmWidth, vm, left: true);
            at = Put(at, VcpuWidth, vcpu, left: false);
        }
        at = Put(at, LevelWidth, level, left: true);
        at = Put(at, _reasonWidth, reason, left: true);
        Put(at, DurationWidth, duration, left: false);
        Ansi.WriteLine(_output, _line, tone, _style);
    }

    private int Put(int at, int width, string text, bool left)
    {
        TextCell.WriteText(_line.AsSpan(at, width), text, left, _style.Unicode);
        return at + width + 1;
    }
}

/// <summary>How slow exits are shown.</summary>
/// <param name="IsVerbose">Whether as text they have all details.</param>
public sealed record SlowExitRequest(bool IsVerbose)
{
    /// <summary>Whether they are of a recording: then each has its date and its host's zone.</summary>
    public bool IsRecorded { get; init; }

    /// <summary>The VMs that there are: names that several processes have are told apart from the first line on.</summary>
    public IReadOnlyCollection<KnownVm> Known { get; init; } = [];
}

/// <summary>Details of a slow exit, below its line: its qualifier and CPU, and where its time went.</summary>
internal static class SlowExitDetail
{
    private static readonly (TimePart Part, string Name)[] s_parts =
    [
        (TimePart.Kvm, "KVM"), (TimePart.Vmm, "VMM"), (TimePart.Runq, "run queue"), (TimePart.Halt, "halt"), (TimePart.Poll, "poll"),
        (TimePart.Sleep, "sleep"), (TimePart.Unattributed, "unattributed"),
    ];

    internal static void Write(TextWriter output, in SlowExit exit, ViewStyle style)
    {
        List<string> facts = [];
        if (Qualifiers.Name(exit.Code, exit.Qualifier) is { } qualifier) facts.Add(qualifier);
        if (exit.Rip is { } rip) facts.Add(string.Create(CultureInfo.InvariantCulture, $"rip 0x{rip:x}"));
        if (exit.CpuAtExit is { } cpu)
            facts.Add("CPU " + Number(cpu) + (cpu == exit.Cpu ? "" : " to " + Number(exit.Cpu)));
        WriteLine(output, facts, style);
        if (exit.Parts is not { } parts) return;
        List<string> times = [];
        foreach ((TimePart part, string name) in s_parts)
            if (parts[part] > 0) times.Add($"{name} {ScaledText.Time(parts[part], style.Unicode)}");
        if (exit.RanInstead is { } task) times.Add(string.Create(CultureInfo.InvariantCulture, $"{task.Name} ({task.Pid}) ran instead"));
        WriteLine(output, times, style);
    }

    private static void WriteLine(TextWriter output, List<string> items, ViewStyle style)
    {
        if (items.Count > 0) FootNotes.WriteWrapped(output, "  " + string.Join(", ", items), RowTone.Dim, style);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
