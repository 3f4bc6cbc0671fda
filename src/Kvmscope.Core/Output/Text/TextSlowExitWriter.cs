using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Slow exits for people: one line each as they happen, in columns whose widths depend only on the style and the VMs that are known at
/// first, so that they do not move. Where several processes have VMs of one name, the pid follows the name.
/// </summary>
internal sealed class TextSlowExitWriter : IOutputWriter<SlowExit>
{
    private const int LiveTime = 15, RecordedTime = 32, VcpuWidth = 4, LevelWidth = 2, DurationWidth = 8;
    private const int MinVm = 8, EnoughVm = 24, MinReason = 18, MaxReason = 26;

    // VMs come and go: the names that came first are forgotten first.
    private const int MostNames = 1000;

    private readonly Destination _to;
    private readonly TextLine _line = new();
    private readonly bool _isVerbose, _isRecorded;
    private readonly int _timeWidth;
    private readonly Dictionary<string, int> _pids = [];
    private readonly Queue<string> _names = [];
    private readonly HashSet<string> _repeated = [];
    private int _vmWidth, _reasonWidth;

    // The style of the columns; null before the header.
    private ViewStyle? _style;

    internal TextSlowExitWriter(Destination to, SlowExitRequest request)
    {
        _to = to;
        _isVerbose = request.IsVerbose;
        _isRecorded = request.IsRecorded;
        _timeWidth = _isRecorded ? RecordedTime : LiveTime;
        foreach (KnownVm known in request.Known) Learn(known.Pid, known.Name);
    }

    /// <summary>How many names it remembers.</summary>
    internal int KnownNames => _names.Count;

    public void Write(in SlowExit exit)
    {
        ViewStyle style = _to.Style;
        Learn(exit.Vm.Pid, exit.Vm.Name);
        if (style != _style)
        {
            // At the first one, and where the window has another width now.
            LayOut(style);
            WriteLine("Time", "VM", "vCPU", "Lv", "Reason", "Duration", RowTone.Bold, style);
        }
        _style = style;
        WriteLine(
            _isRecorded ? WallTime.Exact(exit.At) : exit.At.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            NameOf(exit.Vm, style),
            exit.VcpuId?.ToString(CultureInfo.InvariantCulture) ?? "-",
            exit.Level == ExitLevel.L2 ? "L2" : "L1", ExitReasons.Name(exit.Code),
            ScaledText.Time(exit.DurationNs, style.Unicode), RowTone.Plain, style);
        if (_isVerbose) SlowExitDetail.Write(_to.Writer, exit, style);
    }

    // If there is no room for the VM, neither it nor its vCPU is shown.
    private void LayOut(ViewStyle style)
    {
        int rest = style.Width - _timeWidth - LevelWidth - DurationWidth - 3;
        int both = rest - VcpuWidth - 2;
        if (both >= MinVm + MinReason)
        {
            // With a date, the rest has little room: a name and its pid first.
            _reasonWidth = Math.Clamp(both - (_isRecorded ? EnoughVm : MinVm), MinReason, MaxReason);
            _vmWidth = Math.Min(both - _reasonWidth, Math.Max(EnoughVm, _pids.Keys.Max(name => TextWidth.Of(name + PidOf(name)))));
        }
        else (_reasonWidth, _vmWidth) = (Math.Clamp(rest, 4, MaxReason), 0);
    }

    private void Learn(int pid, string name)
    {
        if (!_pids.TryAdd(name, pid))
        {
            if (_pids[name] != pid) _repeated.Add(name);
            return;
        }
        _names.Enqueue(name);
        if (_names.Count <= MostNames) return;
        string oldest = _names.Dequeue();
        _pids.Remove(oldest);
        _repeated.Remove(oldest);
    }

    private string PidOf(string name, int? pid = null) =>
        _repeated.Contains(name) ? string.Create(CultureInfo.InvariantCulture, $" ({pid ?? _pids[name]})") : "";

    // A long name is cut before its pid, which tells it apart, and in its middle where its end does.
    private string NameOf(VmIdentity vm, ViewStyle style)
    {
        string pid = PidOf(vm.Name, vm.Pid);
        int room = _vmWidth - pid.Length;
        if (style.HasWholeTables || room <= 0 || TextWidth.Of(vm.Name) <= room) return vm.Name + pid;
        return TextWidth.Cut(vm.Name, room, TextWidth.EndsTellApart(_pids.Keys, room), style.Unicode) + pid;
    }

    private void WriteLine(string time, string vm, string vcpu, string level, string reason, string duration, RowTone tone, ViewStyle style)
    {
        _line.Clear();
        int at = Put(0, _timeWidth, time, left: true, style);
        if (_vmWidth > 0)
        {
            at = Put(at, style.HasWholeTables ? Math.Max(_vmWidth, TextWidth.Of(vm)) : _vmWidth, vm, left: true, style);
            at = Put(at, VcpuWidth, vcpu, left: false, style);
        }
        at = Put(at, LevelWidth, level, left: true, style);
        at = Put(at, style.HasWholeTables ? Math.Max(_reasonWidth, reason.Length) : _reasonWidth, reason, left: true, style);
        Put(at, DurationWidth, duration, left: false, style);
        Ansi.WriteLine(_to.Writer, _line.Text, tone, style);
    }

    private int Put(int at, int width, string text, bool left, ViewStyle style)
    {
        _line.MoveTo(at);
        _line.Put(text, width, left, middle: false, style.Unicode);
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
public static class SlowExitDetail
{
    private static readonly (TimePart Part, string Name)[] s_parts =
    [
        (TimePart.Kvm, "KVM"), (TimePart.Vmm, "VMM"), (TimePart.Runq, "run queue"), (TimePart.Halt, "halt"), (TimePart.Poll, "poll"),
        (TimePart.Sleep, "sleep"), (TimePart.Unattributed, "unattributed"),
    ];

    /// <summary>What is known of it, a line each: what it was about and where; where its time went.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="unicode">Whether µ can be shown.</param>
    public static IEnumerable<string> Lines(SlowExit exit, bool unicode)
    {
        List<string> facts = [];
        if (Qualifiers.Name(exit.Code, exit.Qualifier) is { } qualifier) facts.Add(qualifier);
        if (exit.Rip is { } rip) facts.Add(string.Create(CultureInfo.InvariantCulture, $"rip 0x{rip:x}"));
        if (exit.CpuAtExit is { } cpu)
            facts.Add("CPU " + Number(cpu) + (cpu == exit.Cpu ? "" : " to " + Number(exit.Cpu)));
        if (facts.Count > 0) yield return string.Join(", ", facts);
        if (exit.Parts is not { } parts) yield break;
        List<string> times = [];
        foreach ((TimePart part, string name) in s_parts)
            if (parts[part] > 0) times.Add($"{name} {ScaledText.Time(parts[part], unicode)}");
        if (exit.RanInstead is { } task) times.Add(string.Create(CultureInfo.InvariantCulture, $"{task.Name} ({task.Pid}) ran instead"));
        if (times.Count > 0) yield return string.Join(", ", times);
    }

    internal static void Write(TextWriter output, in SlowExit exit, ViewStyle style)
    {
        foreach (string line in Lines(exit, style.Unicode)) FootNotes.WriteWrapped(output, "  " + line, RowTone.Dim, style);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
