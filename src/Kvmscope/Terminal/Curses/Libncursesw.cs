using System.Runtime.InteropServices;

namespace Kvmscope.Terminal.Curses;

/// <summary>
/// ncurses 6 with wide characters (curses.h, term.h). Statically linked in the published binary; a shared library under the JIT, which also
/// brings libtinfo. What is a macro or a variable there (stdscr, COLS, getyx) is not used, and no structure of it: text goes out as strings
/// of wchar_t.
/// </summary>
internal static unsafe partial class Libncursesw
{
    private const string Library = "libncursesw.so.6";

    internal const int ERR = -1;

    internal const uint A_NORMAL = 0;
    internal const uint A_UNDERLINE = 1 << 17;
    internal const uint A_REVERSE = 1 << 18;
    internal const uint A_DIM = 1 << 20;
    internal const uint A_BOLD = 1 << 21;

    internal const int KEY_DOWN = 0x102;
    internal const int KEY_UP = 0x103;
    internal const int KEY_LEFT = 0x104;
    internal const int KEY_RIGHT = 0x105;
    internal const int KEY_HOME = 0x106;
    internal const int KEY_BACKSPACE = 0x107;
    internal const int KEY_F1 = 0x109;
    internal const int KEY_DC = 0x14a;
    internal const int KEY_NPAGE = 0x152;
    internal const int KEY_PPAGE = 0x153;
    internal const int KEY_ENTER = 0x157;
    internal const int KEY_A1 = 0x15c;
    internal const int KEY_A3 = 0x15d;
    internal const int KEY_C1 = 0x15f;
    internal const int KEY_C3 = 0x160;
    internal const int KEY_BTAB = 0x161;
    internal const int KEY_END = 0x168;
    internal const int KEY_FIND = 0x16a;
    internal const int KEY_SELECT = 0x181;
    internal const int KEY_SLEFT = 0x189;
    internal const int KEY_SRIGHT = 0x192;
    internal const int KEY_MAX = 0x1ff;

    // The description of a terminal.

    [LibraryImport(Library)]
    internal static partial int setupterm(byte* term, int filedes, int* errret);

    [LibraryImport(Library)]
    internal static partial nint set_curterm(nint nterm);

    [LibraryImport(Library)]
    internal static partial int del_curterm(nint oterm);

    [LibraryImport(Library)]
    internal static partial byte* tigetstr(byte* capname);

    [LibraryImport(Library)]
    internal static partial int tigetnum(byte* capname);

    // The screen.

    [LibraryImport(Library)]
    internal static partial ScreenHandle newterm(byte* type, nint outfd, nint infd);

    [LibraryImport(Library)]
    internal static partial void delscreen(nint sp);

    [LibraryImport(Library)]
    internal static partial int endwin();

    [LibraryImport(Library)]
    internal static partial void use_env([MarshalAs(UnmanagedType.U1)] bool f);

    [LibraryImport(Library)]
    internal static partial void use_tioctl([MarshalAs(UnmanagedType.U1)] bool f);

    [LibraryImport(Library)]
    internal static partial int resizeterm(int lines, int columns);

    [LibraryImport(Library)]
    internal static partial int def_shell_mode();

    [LibraryImport(Library)]
    internal static partial int def_prog_mode();

    [LibraryImport(Library)]
    internal static partial int reset_prog_mode();

    [LibraryImport(Library)]
    internal static partial int curs_set(int visibility);

    // A window and its text.

    [LibraryImport(Library)]
    internal static partial nint newwin(int nlines, int ncols, int begin_y, int begin_x);

    [LibraryImport(Library)]
    internal static partial int delwin(nint win);

    [LibraryImport(Library)]
    internal static partial int wresize(nint win, int lines, int columns);

    [LibraryImport(Library)]
    internal static partial int getmaxx(nint win);

    [LibraryImport(Library)]
    internal static partial int getmaxy(nint win);

    [LibraryImport(Library)]
    internal static partial int werase(nint win);

    [LibraryImport(Library)]
    internal static partial int clearok(nint win, [MarshalAs(UnmanagedType.U1)] bool bf);

    [LibraryImport(Library)]
    internal static partial int wmove(nint win, int y, int x);

    [LibraryImport(Library)]
    internal static partial int wattr_set(nint win, uint attrs, short pair, nint opts);

    // wchar_t is 32 bits wide with glibc, and holds the code point.
    [LibraryImport(Library)]
    internal static partial int mvwaddnwstr(nint win, int y, int x, int* wstr, int n);

    [LibraryImport(Library)]
    internal static partial int wrefresh(nint win);

    [LibraryImport(Library)]
    internal static partial int start_color();

    [LibraryImport(Library)]
    internal static partial int use_default_colors();

    [LibraryImport(Library)]
    internal static partial int init_pair(short pair, short f, short b);

    // Keys.

    [LibraryImport(Library)]
    internal static partial int cbreak();

    [LibraryImport(Library)]
    internal static partial int noecho();

    [LibraryImport(Library)]
    internal static partial int nonl();

    [LibraryImport(Library)]
    internal static partial int keypad(nint win, [MarshalAs(UnmanagedType.U1)] bool bf);

    [LibraryImport(Library)]
    internal static partial int typeahead(int fd);

    [LibraryImport(Library)]
    internal static partial int set_escdelay(int size);

    [LibraryImport(Library)]
    internal static partial void wtimeout(nint win, int delay);

    [LibraryImport(Library)]
    internal static partial int wgetch(nint win);

    [LibraryImport(Library)]
    internal static partial int ungetch(int ch);

    [LibraryImport(Library)]
    internal static partial int define_key(byte* definition, int keycode);

    [LibraryImport(Library)]
    internal static partial int key_defined(byte* definition);
}

/// <summary>SCREEN *: what newterm() made.</summary>
internal sealed class ScreenHandle : Microsoft.Win32.SafeHandles.SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Called by the marshaller.</summary>
    public ScreenHandle()
        : base(ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Libncursesw.delscreen(handle);
        return true;
    }
}
