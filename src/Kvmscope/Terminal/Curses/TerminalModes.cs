using System.Runtime.InteropServices;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// The modes that a screen has changed, and how they are given back without curses: at a crash, from any thread, and while curses is in the
/// middle of something. What is written is made ready before.
/// </summary>
internal static unsafe class TerminalModes
{
    private static byte* s_text;
    private static int s_length;
    private static Libc.termios s_before;
    private static Libc.signal_action s_abort;

    // 1 while the terminal is taken.
    private static int s_taken;

    /// <summary>Remembers how the terminal is, before curses changes it.</summary>
    public static void Remember()
    {
        fixed (Libc.termios* before = &s_before) _ = Libc.tcgetattr(0, before);
    }

    /// <summary>From now on a crash gives the terminal back.</summary>
    /// <param name="mouse">What turns the mouse off; empty where it is not on.</param>
    public static void Guard(ReadOnlySpan<byte> mouse)
    {
        List<byte> text = [.. mouse];
        foreach (byte[]? part in (ReadOnlySpan<byte[]?>)[Of("rmkx"u8), Of("sgr0"u8), Of("op"u8), Of("cnorm"u8)]) text.AddRange(part ?? []);
        text.AddRange(Of("rmcup"u8) ?? [(byte)'\r', (byte)'\n']);
        s_text = (byte*)NativeMemory.Realloc(s_text, (nuint)text.Count);
        CollectionsMarshal.AsSpan(text).CopyTo(new Span<byte>(s_text, text.Count));
        s_length = text.Count;
        Volatile.Write(ref s_taken, 1);
        AppDomain.CurrentDomain.UnhandledException += OnEnd;
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
        // What ends the process without an exception: a failure of the runtime, or a call of abort().
        var action = new Libc.signal_action
        {
            handler = (nint)(delegate* unmanaged<int, void>)&OnAbort,
            flags = Libc.SA_RESETHAND | Libc.SA_ONSTACK,
        };
        fixed (Libc.signal_action* former = &s_abort) _ = Libc.sigaction(Libc.SIGABRT, &action, former);
    }

    /// <summary>Curses has given the terminal back.</summary>
    public static void Release()
    {
        if (Interlocked.Exchange(ref s_taken, 0) == 0) return;
        AppDomain.CurrentDomain.UnhandledException -= OnEnd;
        AppDomain.CurrentDomain.ProcessExit -= OnEnd;
        fixed (Libc.signal_action* former = &s_abort) _ = Libc.sigaction(Libc.SIGABRT, former, null);
    }

    /// <summary>Gives the terminal back now, without curses. Only the first call does anything.</summary>
    public static void GiveBack()
    {
        if (Interlocked.Exchange(ref s_taken, 0) == 0) return;
        // A terminal that was stopped (Ctrl-S) would have this wait for ever.
        var output = new Libc.pollfd { fd = 1, events = Libc.POLLOUT };
        if (Libc.poll(&output, 1, 0) == 1) _ = Libc.write(1, s_text, (nuint)s_length);
        fixed (Libc.termios* before = &s_before) _ = Libc.tcsetattr(0, Libc.TCSANOW, before);
    }

    /// <summary>A string of the terminal's description without its delays, which old terminals needed.</summary>
    private static byte[]? Of(ReadOnlySpan<byte> capability)
    {
        if (TerminalDescription.Capability(capability) is not { } text) return null;
        List<byte> plain = [];
        for (int i = 0; i < text.Length; i++)
        {
            int end = text[i] == '$' && i + 1 < text.Length && text[i + 1] == '<' ? Array.IndexOf(text, (byte)'>', i) : -1;
            if (end < 0) plain.Add(text[i]);
            else i = end;
        }
        return [.. plain];
    }

    private static void OnEnd(object? sender, EventArgs arguments) => GiveBack();

    [UnmanagedCallersOnly]
    private static void OnAbort(int signal) => GiveBack();
}
