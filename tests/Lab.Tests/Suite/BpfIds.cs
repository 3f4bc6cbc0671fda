using System.Runtime.InteropServices;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>
/// The BPF programs and links in the kernel, by id (BPF_PROG_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID). Ids increase (idr_alloc_cyclic,
/// kernel/bpf/syscall.c), and those of an earlier tracer may not be freed yet: new ones are those above a mark.
/// </summary>
internal static partial class BpfIds
{
    /// <summary>The highest ids: (programs, links).</summary>
    internal static (uint Program, uint Link) Mark() => (Above(0, bpf_prog_get_next_id).Last, Above(0, bpf_link_get_next_id).Last);

    /// <summary>The number of ids above <paramref name="mark"/>: (programs, links).</summary>
    internal static (int Programs, int Links) Since((uint Program, uint Link) mark) =>
        (Above(mark.Program, bpf_prog_get_next_id).Count, Above(mark.Link, bpf_link_get_next_id).Count);

    private static (int Count, uint Last) Above(uint mark, NextId nextId)
    {
        int count = 0;
        uint id = mark;
        while (nextId(id, out uint next) == 0) (id, count) = (next, count + 1);
        return (count, id);
    }

    private delegate int NextId(uint start, out uint next);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_prog_get_next_id(uint start, out uint next);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_link_get_next_id(uint start, out uint next);
}
