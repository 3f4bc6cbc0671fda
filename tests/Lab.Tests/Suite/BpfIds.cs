using System.Runtime.InteropServices;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>What BPF programs and links the kernel holds, by id (BPF_PROG_GET_NEXT_ID, BPF_LINK_GET_NEXT_ID).</summary>
static partial class BpfIds
{
    internal static int Programs() => Count(static (uint start, out uint next) => bpf_prog_get_next_id(start, out next));

    internal static int Links() => Count(static (uint start, out uint next) => bpf_link_get_next_id(start, out next));

    static int Count(NextId nextId)
    {
        int count = 0;
        for (uint id = 0; nextId(id, out id) == 0;) count++;
        return count;
    }

    delegate int NextId(uint start, out uint next);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_prog_get_next_id(uint start, out uint next);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_link_get_next_id(uint start, out uint next);
}
