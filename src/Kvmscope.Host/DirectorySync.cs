using System.Text;
using Kvmscope.Host.Machines;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host;

/// <summary>Makes the names in a folder survive a power cut; .NET opens no folders.</summary>
public static class DirectorySync
{
    /// <summary>fsync(2) of a folder, after a file was made in it.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>Whether it was done; some file systems have none for folders.</returns>
    public static bool Sync(string path)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        using SafeFileHandle directory = DirectoryReader.Open(name, out int error);
        return error == 0 && Interop.Libc.fsync(directory) == 0;
    }
}
