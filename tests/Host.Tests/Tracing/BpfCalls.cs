using System.Runtime.InteropServices;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Functions of libbpf (bpf/bpf.h, bpf/libbpf.h) and libc that only the tests use.</summary>
internal static unsafe partial class BpfCalls
{
    private const string Library = "libbpf.so.1";

    /// <summary>struct bpf_test_run_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_test_run_opts
    {
        public nuint sz;
        public void* data_in;
        public void* data_out;
        public uint data_size_in;
        public uint data_size_out;
        public void* ctx_in;
        public void* ctx_out;
        public uint ctx_size_in;
        public uint ctx_size_out;
        public uint retval;
        public int repeat;
        public uint duration;
        public uint flags;
        public uint cpu;
        public uint batch_size;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_prog_test_run_opts(int prog_fd, bpf_test_run_opts* opts);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint prog);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_prog_load(
        int prog_type, byte* prog_name, byte* license, ulong* insns, nuint insn_cnt, nint opts);

    /// <summary>struct bpf_map_create_opts, up to map_flags.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct bpf_map_create_opts
    {
        public nuint sz;
        public uint btf_fd;
        public uint btf_key_type_id;
        public uint btf_value_type_id;
        public uint btf_vmlinux_value_type_id;
        public uint inner_map_fd;
        public uint map_flags;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_create(int map_type, byte* map_name, uint key_size, uint value_size, uint max_entries, nint opts);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_and_delete_elem(int fd, void* key, void* value);

    [LibraryImport("libc")]
    internal static partial int close(int fd);
}
