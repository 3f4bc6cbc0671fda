using System.Buffers.Text;

namespace Kvmscope.Host.Machines;

/// <summary>The fields of /proc/PID/stat that are needed (proc_pid_stat(5)).</summary>
/// <param name="State">Field 3: R, S, D, Z, X, …</param>
/// <param name="Flags">Field 9: PF_* of linux/sched.h.</param>
/// <param name="Threads">Field 20.</param>
/// <param name="StartTicks">Field 22: when the process started, in clock ticks since boot.</param>
internal readonly record struct ProcessStat(byte State, ulong Flags, int Threads, ulong StartTicks)
{
    // linux/sched.h; the same since 2.6.
    private const ulong PF_KTHREAD = 0x00200000;
    private const int FlagsField = 9;
    private const int ThreadsField = 20;
    private const int StartField = 22;

    /// <summary>A zombie whose threads are gone too holds nothing any more; a dead leader with living threads does.</summary>
    internal bool HasEnded => State is (byte)'Z' or (byte)'X' or (byte)'x' && Threads <= 1;

    /// <summary>Whether it is a thread of the kernel, which has no files.</summary>
    internal bool IsKernelThread => (Flags & PF_KTHREAD) != 0;

    /// <summary>Parses the file's bytes; false where they are no stat line.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, out ProcessStat stat)
    {
        stat = default;
        // The command is in parentheses and may itself hold spaces, parentheses and newlines: the last one ends it.
        int end = text.LastIndexOf((byte)')');
        if (end < 0 || text.IndexOf((byte)'(') is var open && (open < 0 || open > end)) return false;
        ReadOnlySpan<byte> rest = text[(end + 1)..];
        byte state = 0;
        int threads = 0;
        ulong flags = 0;
        for (int field = 3; field <= StartField; field++)
        {
            if (!NextField(ref rest, out ReadOnlySpan<byte> value)) return false;
            if (field == 3) state = value[0];
            else if (field == FlagsField && !Parse(value, out flags)) return false;
            else if (field == ThreadsField && !Parse(value, out threads)) return false;
            else if (field == StartField)
            {
                if (!Parse(value, out ulong start)) return false;
                stat = new ProcessStat(state, flags, threads, start);
            }
        }
        return true;
    }

    private static bool NextField(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        rest = rest.TrimStart((byte)' ');
        int end = rest.IndexOfAny((byte)' ', (byte)'\n');
        value = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        return !value.IsEmpty;
    }

    private static bool Parse(ReadOnlySpan<byte> value, out int number) =>
        Utf8Parser.TryParse(value, out number, out int used) && used == value.Length;

    private static bool Parse(ReadOnlySpan<byte> value, out ulong number) =>
        Utf8Parser.TryParse(value, out number, out int used) && used == value.Length;
}
