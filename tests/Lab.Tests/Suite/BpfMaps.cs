using System.Runtime.InteropServices;
using System.Text;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>The BPF maps in the kernel (BPF_MAP_GET_NEXT_ID, BPF_OBJ_GET_INFO_BY_FD).</summary>
internal static partial class BpfMaps
{
    /// <summary>One map.</summary>
    /// <param name="Id">Its number: the kernel frees maps a while after they are closed, so names alone do not tell them apart.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Type">Its type: BPF_MAP_TYPE_*.</param>
    /// <param name="Flags">Its flags: BPF_F_*.</param>
    internal sealed record BpfMap(uint Id, string Name, uint Type, uint Flags);

    // struct bpf_map_info of linux/bpf.h, as far as it is read.
    private const int InfoSize = 88, NameAt = 24, NameSize = 16;

    /// <summary>All maps.</summary>
    internal static IReadOnlyList<BpfMap> All()
    {
        List<BpfMap> maps = [];
        for (uint id = 0; bpf_map_get_next_id(id, out uint next) == 0; id = next)
        {
            int map = bpf_map_get_fd_by_id(next);
            // It was freed meanwhile.
            if (map < 0) continue;
            byte[] info = new byte[InfoSize];
            uint size = InfoSize;
            int status = bpf_obj_get_info_by_fd(map, info, ref size);
            _ = close(map);
            if (status != 0) continue;
            string name = Encoding.ASCII.GetString(info, NameAt, NameSize).TrimEnd('\0');
            maps.Add(new BpfMap(next, name, BitConverter.ToUInt32(info, 0), BitConverter.ToUInt32(info, 20)));
        }
        return maps;
    }

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_map_get_next_id(uint start, out uint next);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_obj_get_info_by_fd(int map, byte[] info, ref uint size);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
