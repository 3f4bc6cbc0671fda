using System.Text;
using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange.Text;

/// <summary>
/// Text of tracefs, <c>trace-cmd report</c> and <c>perf script</c>. Lines of other events and of no event are passed over.
/// </summary>
internal sealed class TextCaptureReader : ICaptureReader
{
    private const int MostNames = 1 << 16;

    private readonly LineReader _lines;
    private readonly EventText _events = new();
    private readonly Dictionary<int, string> _processes = [];
    private byte[] _comm = new byte[64];
    private int _commLength;

    internal TextCaptureReader(Stream stream)
    {
        _lines = new LineReader(stream);
        Facts = new CaptureFacts { Kind = "text" };
    }

    /// <inheritdoc/>
    public CaptureFacts Facts { get; }

    /// <inheritdoc/>
    public long Position => _lines.Position;

    /// <inheritdoc/>
    public string? NameOf(int pid, int tid)
    {
        if (pid >= 0) return _processes.GetValueOrDefault(pid);
        return _commLength > 0 ? Encoding.UTF8.GetString(_comm, 0, _commLength) : null;
    }

    /// <inheritdoc/>
    public bool Read(ref CapturedEvent e)
    {
        while (_lines.Read(out ReadOnlySpan<byte> line))
        {
            e.Clear();
            line = line.TrimEnd("\r "u8);
            if (line.IndexOf((byte)':') < 0) continue;
            if (!LineHead.TryRead(line, out LineHead head))
            {
                if (TryLoss(line, ref e)) return true;
                // Events that cannot be used, as no time is known; all else is not about exits.
                if (line.IndexOf("kvm_exit:"u8) >= 0 || line.IndexOf("kvm_entry:"u8) >= 0)
                    Facts.Skip($"line {_lines.Number}: no time stands before the event");
                continue;
            }
            e.Kind = EventText.KindOf(head.Event);
            if (e.Kind == CapturedKind.None) continue;
            (e.Ns, e.Cpu, e.Tid, e.Pid) = (head.Ns, head.Cpu, head.Tid, head.Pid);
            if (!_events.TryRead(head.Body, ref e))
            {
                Facts.Skip($"line {_lines.Number}: what {Encoding.UTF8.GetString(head.Event)} says cannot be read");
                continue;
            }
            Remember(head);
            return true;
        }
        if (_lines.TooLong > 0) Facts.Skip($"{_lines.TooLong} lines are longer than {LineReader.Longest} bytes");
        return false;
    }

    private void Remember(in LineHead head)
    {
        _commLength = Math.Min(head.Comm.Length, _comm.Length);
        head.Comm[.._commLength].CopyTo(_comm);
        if (head.Pid < 0 || head.Pid != head.Tid || _processes.Count >= MostNames || _processes.ContainsKey(head.Pid)) return;
        _processes.Add(head.Pid, Encoding.UTF8.GetString(head.Comm));
    }

    // CPU:1 [LOST 12 EVENTS], CPU:1 [12 EVENTS DROPPED], CPU:1 [EVENTS DROPPED], entries-in-buffer/entries-written: 1000/4096
    private static bool TryLoss(ReadOnlySpan<byte> line, ref CapturedEvent e)
    {
        if (line.StartsWith("CPU:"u8) && line.EndsWith("]"u8) && line.IndexOf("EVENTS"u8) > 0)
        {
            e.Kind = CapturedKind.Lost;
            ReadOnlySpan<byte> text = line[(line.IndexOf((byte)'[') + 1)..];
            if (text.StartsWith("LOST "u8)) text = text["LOST ".Length..];
            if (Words.TryDecimal(text, out long lost, out _)) e.Value = (ulong)lost;
            return true;
        }
        if (!line.StartsWith("#"u8) || Words.After(line, "entries-in-buffer/entries-written: "u8) is not { IsEmpty: false } counts)
            return false;
        if (!Words.TryDecimal(counts, out long kept, out int length) || length >= counts.Length || counts[length] != '/') return false;
        if (!Words.TryDecimal(counts[(length + 1)..], out long written, out _) || written <= kept) return false;
        (e.Kind, e.Value) = (CapturedKind.Lost, (ulong)(written - kept));
        return true;
    }
}
