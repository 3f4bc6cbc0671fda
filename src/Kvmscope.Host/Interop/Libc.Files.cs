using System.Runtime.InteropServices;

namespace Kvmscope.Host.Interop;

// The identity and owner of a file: linux/stat.h. statx(2), because the structure of stat(2) differs between architectures.
internal static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100;
    internal const uint STATX_TYPE = 0x1;
    internal const uint STATX_UID = 0x8;
    internal const uint STATX_GID = 0x10;
    internal const uint STATX_INO = 0x100;
    internal const ushort S_IFMT = 0xf000;
    internal const ushort S_IFREG = 0x8000;
    internal const ushort S_IFLNK = 0xa000;
    internal const ushort S_ISVTX = 0x200;
    internal const ushort S_IWOTH = 0x2;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_EMPTY_PATH = 0x1000;
    internal const uint STATX_MODE = 0x2;

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct statx_buffer
    {
        [FieldOffset(20)]
        public uint stx_uid;

        [FieldOffset(24)]
        public uint stx_gid;

        [FieldOffset(28)]
        public ushort stx_mode;

        [FieldOffset(32)]
        public ulong stx_ino;

        [FieldOffset(136)]
        public uint stx_dev_major;

        [FieldOffset(140)]
        public uint stx_dev_minor;
    }

    // In glibc since 2.28.
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int statx(int directory, byte* path, int flags, uint mask, statx_buffer* buffer);
}
