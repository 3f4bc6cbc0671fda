using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

// The size of a terminal: asm-generic/ioctls.h, asm-generic/termios.h; the same on x86 and arm64.
internal static unsafe partial class Libc
{
    internal const nuint TIOCGWINSZ = 0x5413;

    [StructLayout(LayoutKind.Sequential)]
    internal struct winsize
    {
        public ushort ws_row;
        public ushort ws_col;
        public ushort ws_xpixel;
        public ushort ws_ypixel;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, winsize* size);
}
