using System.Buffers.Text;
using System.Text;
using Kvmscope.Host.Machines;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Privileges;

/// <summary>/proc/self/task, opened while it can be, and read later.</summary>
internal sealed class ThreadStatuses : IDisposable
{
    private readonly SafeFileHandle _tasks = DirectoryReader.Open("/proc/self/task\0"u8, out _);

    /// <summary>Which other threads hold a capability outside of a set, or have the user id 0.</summary>
    /// <param name="allowed">What they may hold.</param>
    /// <returns>Their ids in order, null where they cannot be read; and whether one of them is root.</returns>
    internal (IReadOnlyList<int>? Holders, bool IsRoot) FindHolders(CapabilitySet allowed)
    {
        if (_tasks.IsInvalid) return (null, false);
        List<int> holders = [];
        bool isRoot = false;
        var reader = new DirectoryReader(_tasks, new byte[4096]);
        while (reader.MoveNext())
        {
            if (!Utf8Parser.TryParse(reader.Current, out int tid, out int used) || used != reader.Current.Length) continue;
            if (tid == Interop.Libc.gettid()) continue;
            if (Read(tid) is not { } status) continue; // it has ended, and holds nothing
            bool root = HasRootId(status);
            isRoot |= root;
            if (root || !CapabilitySet.TryParse(status, "CapPrm", out CapabilitySet held) || (held.Bits & ~allowed.Bits) != 0)
                holders.Add(tid);
        }
        if (reader.Error != 0) return (null, isRoot);
        holders.Sort();
        return (holders, isRoot);
    }

    /// <inheritdoc/>
    public void Dispose() => _tasks.Dispose();

    private string? Read(int tid)
    {
        Span<byte> buffer = stackalloc byte[8192];
        int length = ProcRoot.Read(_tasks, $"{tid}/status", buffer);
        return length <= 0 ? null : Encoding.UTF8.GetString(buffer[..length]);
    }

    // Real, effective, saved and file system id, separated by tabs.
    private static bool HasRootId(string status)
    {
        foreach (ReadOnlySpan<char> line in status.AsSpan().EnumerateLines())
            if (line.StartsWith("Uid:"))
            {
                foreach (Range id in line[4..].Trim().Split('\t'))
                    if (line[4..].Trim()[id] is "0") return true;
                return false;
            }
        return true;
    }
}
