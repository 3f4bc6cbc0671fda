using System.Runtime.InteropServices;
using System.Text;

namespace Kvmscope.Host.Privileges;

/// <summary>The host's users.</summary>
internal static class UserIds
{
    private const int Room = 16 * 1024;

    /// <summary>The ids of a user and its main group; null where there is no such user, or it is root.</summary>
    /// <param name="name">An ASCII name.</param>
    internal static unsafe (uint User, uint Group)? Of(string name)
    {
        byte[] native = [.. Encoding.ASCII.GetBytes(name), 0];
        byte* room = (byte*)NativeMemory.Alloc(Room);
        try
        {
            Interop.Libc.passwd entry;
            Interop.Libc.passwd* found;
            fixed (byte* n = native)
                if (Interop.Libc.getpwnam_r(n, &entry, room, Room, &found) != 0 || found == null) return null;
            return entry.pw_uid == 0 || entry.pw_gid == 0 ? null : (entry.pw_uid, entry.pw_gid);
        }
        finally
        {
            NativeMemory.Free(room);
        }
    }
}
