using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Slow exits for people: one line each as they happen, in columns whose widths depend on the style alone, so that they never jump.
/// </summary>
internal sealed class TextSlowExitWriter : IOutputWriter<SlowExit>
{
    private const int TimeWidth = 15, VcpuWidth = 4, LevelWidth = 2, DurationWidth = 8;
    private const int LeastVm = 8, MostVm = 24, LeastReason = 18, MostReason = 26;

    private readonly ViewStyle _style;
    private readonly TextWriter _output;
    private readonly int _vmWidth, _reasonWidth;
    private readonly char[] _line;
    private readonly bool _isVerbose;
    private bool _hasHeader;

    internal TextSlowExitWriter(ViewStyle style, bool isVerbose, TextWriter output)
    {
        _style = style;
        _isVerbose = isVerbose;
        _output = output;
        // Without room for the VM, neither it nor its vCPU is shown.
        int rest = style.Width - TimeWidth - LevelWidth - DurationWidth - 3;
        int both = rest - VcpuWidth - 2;
        if (both >= LeastVm + LeastReason)
        {
            _reasonWidth = Math.Clamp(both - LeastVm, LeastReason, MostReason);
            _vmWidth = Math.Min(both - _reasonWidth, MostVm);
        }
        else _reasonWidth = Math.Clamp(rest, 4, MostReason);
        int vm = _vmWidth > 0 ? _vmWidth + VcpuWidth + 2 : 0;
        _line = new char[TimeWidth + vm + LevelWidth + _reasonWidth + DurationWidth + 3];
    }

    public void Write(in SlowExit exit)
    {
        if (!_hasHeader) WriteLine("Time", "VM", "vCPU", "Lv", "Reason", "Duration", RowTone.Bold);
        _hasHeader = true;
        WriteLine(
            exit.At.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture), exit.Vm.Name,
            exit.Vcpu.ToString(CultureInfo.InvariantCulture), exit.Level == ExitLevel.L2 ? "L2" : "L1", ExitReasons.Name(exit.Code),
            ScaledText.Time(exit.DurationNs, _style.Unicode), RowTone.Plain);
        if (_isVerbose) SlowExitDetail.Write(_output, exit, _style);
    }

    private void WriteLine(string time, string vm, string vcpu, string level, string reason, string duration, RowTone tone)
    {
        Array.Fill(_line, ' ');
        int at = Put(0, TimeWidth, time, left: true);
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
