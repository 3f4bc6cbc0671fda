using System.Runtime.InteropServices;

namespace Kvmscope.Terminal.Curses;

/// <summary>What a terminal needs of the C library. Numbers are those of asm-generic, which x86 and arm64 share.</summary>
internal static unsafe partial class Libc
{
    internal const int LC_CTYPE = 0;
    internal const int CODESET = 14;
    internal const int TCSANOW = 0;
    internal const uint IXON = 0x400;
    internal const nuint TIOCGWINSZ = 0x5413;
    internal const short POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 0x10, POLLNVAL = 0x20;
    internal const int EFD_NONBLOCK = 0x800, EFD_CLOEXEC = 0x80000;
    internal const int SIGABRT = 6, SIGTSTP = 20;
    internal const nint SIG_DFL = 0;
    internal const int SA_ONSTACK = 0x0800_0000, SA_RESETHAND = unchecked((int)0x8000_0000);

    /// <summary>struct termios: 60 bytes, the input flags first.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    internal struct termios
    {
        internal uint c_iflag;
    }

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct winsize
    {
        internal ushort ws_row, ws_col, ws_xpixel, ws_ypixel;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct pollfd
    {
        internal int fd;
        internal short events, revents;
    }

    /// <summary>struct sigaction of glibc.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 152)]
    internal struct signal_action
    {
        [FieldOffset(0)]
        internal nint handler;

        [FieldOffset(136)]
        internal int flags;
    }

    [LibraryImport("libc")]
    internal static partial int isatty(int fd);

    [LibraryImport("libc")]
    internal static partial int tcgetattr(int fd, termios* termios_p);

    [LibraryImport("libc")]
    internal static partial int tcsetattr(int fd, int optional_actions, termios* termios_p);

    // Variadic; on every Linux ABI of .NET the pointer is passed as in a function that is not.
    [LibraryImport("libc")]
    internal static partial int ioctl(int fd, nuint request, winsize* size);

    [LibraryImport("libc")]
    internal static partial int poll(pollfd* fds, nuint nfds, int timeout);

    [LibraryImport("libc")]
    internal static partial nint write(int fd, void* buf, nuint count);

    [LibraryImport("libc")]
    internal static partial nint read(int fd, void* buf, nuint count);

    [LibraryImport("libc")]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initval, int flags);

    [LibraryImport("libc")]
    internal static partial nint fdopen(int fd, byte* mode);

    [LibraryImport("libc")]
    internal static partial byte* setlocale(int category, byte* locale);

    [LibraryImport("libc")]
    internal static partial byte* nl_langinfo(int item);

    [LibraryImport("libc")]
    internal static partial int setenv(byte* name, byte* value, int overwrite);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    internal static partial int wcwidth(int c);

    [LibraryImport("libc")]
    internal static partial int sigaction(int signum, signal_action* act, signal_action* oldact);

    [LibraryImport("libc")]
    internal static partial nint signal(int signum, nint handler);

    [LibraryImport("libc")]
    internal static partial int raise(int sig);
}
