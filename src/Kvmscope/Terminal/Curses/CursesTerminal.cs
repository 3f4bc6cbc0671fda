using Kvmscope.Core;
using Kvmscope.Live.Screen;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// The terminal of this process, through ncurses. One thread uses it. However the program ends, except by SIGKILL, the terminal is as it
/// was: settings, screen, cursor, mouse.
/// </summary>
internal sealed unsafe class CursesTerminal : ILiveTerminal
{
    // How long after Escape the rest of a key's sequence may come; ncurses waits a second if it is not told.
    private const int EscapeMilliseconds = 50;

    private readonly ScreenHandle _screen;
    private readonly TerminalSignals _signals;
    private readonly nint _window;
    private readonly ToneStyles _styles;
    private readonly GridWriter _writer;
    private readonly CursesKeys _keys;
    private readonly bool _hasMouse;
    private bool _isGone;
    private bool _isClosed;

    private CursesTerminal(ScreenHandle screen, TerminalSignals signals, TerminalDescription description)
    {
        (_screen, _signals) = (screen, signals);
        _window = Libncursesw.newwin(0, 0, 0, 0);
        _styles = ToneStyles.Start(description.AllowsColor, Number("colors"u8), Number("pairs"u8));
        _writer = new GridWriter(_styles, description.Unicode);
        _keys = new CursesKeys(_window, description.IsUtf8);
        Unicode = description.Unicode;
        // Those that have a mouse say how it is reported.
        _hasMouse = TerminalDescription.Capability("kmous"u8) is not null;
        SetModes();
    }

    /// <inheritdoc/>
    public int Columns => Libncursesw.getmaxx(_window);

    /// <inheritdoc/>
    public int Rows => Libncursesw.getmaxy(_window);

    /// <inheritdoc/>
    public bool HasColor => _styles.HasColor;

    /// <inheritdoc/>
    public bool Unicode { get; }

    /// <summary>Takes the terminal.</summary>
    /// <param name="name">The name of its description, zero-terminated.</param>
    /// <param name="description">What it can show.</param>
    /// <exception cref="KvmscopeException">It cannot be taken (status 1).</exception>
    internal static CursesTerminal Open(byte[] name, TerminalDescription description)
    {
        TerminalModes.Remember();
        // Before curses, which leaves signals alone that have a handler.
        var signals = new TerminalSignals();
        // The size is what the terminal says, whatever COLUMNS and LINES say.
        Libncursesw.use_env(false);
        Libncursesw.use_tioctl(true);
        ScreenHandle screen;
        // These streams are only asked for their descriptors, and stay open as these do.
        fixed (byte* type = name, read = "r"u8, write = "w"u8)
            screen = Libncursesw.newterm(type, Libc.fdopen(1, write), Libc.fdopen(0, read));
        if (!screen.IsInvalid) return new CursesTerminal(screen, signals, description);
        signals.Dispose();
        throw new KvmscopeException(ExitStatus.Failed, "the terminal cannot be used for a screen", TerminalDescription.Once);
    }

    /// <inheritdoc/>
    public void Show(CellGrid grid)
    {
        if (_isGone) return;
        if (grid.Columns < Columns || grid.Rows < Rows) _ = Libncursesw.werase(_window);
        _writer.Write(grid, _window);
        _ = Libncursesw.wrefresh(_window);
    }

    /// <inheritdoc/>
    public LiveInput? Read(TimeSpan timeout)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (_isGone || _signals.IsEnding) return new LiveInput(LiveKey.Closed);
            if (_signals.TakeStop()) Stop();
            if (_signals.TakeDraw()) return Redraw();
            LiveInput? input = _keys.Next(out bool isEmpty);
            if (input is { Key: LiveKey.Resize }) return Redraw();
            if (input is not null) return input;
            if (!isEmpty) continue;
            TimeSpan rest = timeout - TimeProvider.System.GetElapsedTime(start);
            // Whole milliseconds, rounded up: zero would be a busy loop.
            int milliseconds = (int)Math.Clamp(Math.Ceiling(rest.TotalMilliseconds), 0, int.MaxValue);
            TerminalEvent came = _signals.Wait(milliseconds);
            _isGone |= came == TerminalEvent.Gone;
            if (came == TerminalEvent.Nothing) return null;
        }
    }

    /// <summary>Gives the terminal back as it was.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        Leave();
        TerminalModes.Release();
        _ = Libncursesw.delwin(_window);
        _screen.Dispose();
        _signals.Dispose();
    }

    private static int Number(ReadOnlySpan<byte> capability)
    {
        // A literal ends in a zero.
        fixed (byte* name = capability) return Libncursesw.tigetnum(name);
    }

    private void SetModes()
    {
        _ = Libncursesw.cbreak();
        _ = Libncursesw.noecho();
        _ = Libncursesw.nonl();
        _ = Libncursesw.keypad(_window, true);
        Libncursesw.wtimeout(_window, 0);
        _ = Libncursesw.set_escdelay(EscapeMilliseconds);
        // Whole screens only, also while keys come.
        _ = Libncursesw.typeahead(-1);
        _ = Libncursesw.curs_set(0);
        LetControlS();
        _keys.Define();
        TerminalModes.Guard(_hasMouse ? CursesKeys.MouseOff : []);
        _ = Libncursesw.wrefresh(_window);
        SetMouse(on: true);
    }

    // Ctrl-S would stop the program at its next output, with all that it holds.
    private static void LetControlS()
    {
        Libc.termios modes;
        if (Libc.tcgetattr(0, &modes) != 0) return;
        modes.c_iflag &= ~Libc.IXON;
        _ = Libc.tcsetattr(0, Libc.TCSANOW, &modes);
        _ = Libncursesw.def_prog_mode();
    }

    private void SetMouse(bool on)
    {
        if (!_hasMouse) return;
        fixed (byte* text = on ? CursesKeys.MouseOn : CursesKeys.MouseOff)
            _ = Libc.write(1, text, (nuint)(on ? CursesKeys.MouseOn : CursesKeys.MouseOff).Length);
    }

    private void Leave()
    {
        SetMouse(on: false);
        _ = Libncursesw.endwin();
    }

    // Ctrl-Z.
    private void Stop()
    {
        Leave();
        TerminalSignals.Stop();
        // Somebody may have changed the settings meanwhile, and finds them as they are now.
        TerminalModes.Remember();
        _ = Libncursesw.def_shell_mode();
        Redraw();
    }

    // Also where nothing is new: another program may have written on the screen, or stopped this one without its knowing.
    private LiveInput Redraw()
    {
        Libc.winsize size;
        bool isKnown = Libc.ioctl(1, Libc.TIOCGWINSZ, &size) == 0 && size is { ws_col: > 0, ws_row: > 0 };
        if (isKnown && (size.ws_col != Columns || size.ws_row != Rows))
        {
            _ = Libncursesw.resizeterm(size.ws_row, size.ws_col);
            _ = Libncursesw.wresize(_window, size.ws_row, size.ws_col);
        }
        _ = Libncursesw.reset_prog_mode();
        _ = Libncursesw.clearok(_window, true);
        SetMouse(on: true);
        return new LiveInput(LiveKey.Resize);
    }
}
