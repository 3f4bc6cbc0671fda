using System.Runtime.InteropServices;
using System.Text;
using Kvmscope.Host.Interop;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Host.Bpf;

/// <summary>The BPF object in this assembly: opened, given its knobs and sizes, loaded, attached.</summary>
internal sealed unsafe class BpfObject : IDisposable
{
    private const int LogSize = 256 << 10;
    private readonly byte* _image;
    private readonly byte* _log;
    private readonly List<BpfLinkHandle> _links = [];
    private readonly List<int> _attached = [];

    private BpfObject(byte* image, byte* log, BpfObjectHandle handle)
    {
        _image = image;
        _log = log;
        Handle = handle;
    }

    internal BpfObjectHandle Handle { get; }

    /// <summary>The object of an architecture, as the assembly names it.</summary>
    internal static string ResourceOf(Architecture architecture)
    {
        string name = architecture switch { Architecture.Arm64 => "arm64", Architecture.RiscV64 => "riscv64", _ => "x86" };
        return $"kvmscope.{name}.bpf.o";
    }

    /// <summary>Parses the object. Needs no privilege, and does not call the kernel.</summary>
    internal static BpfObject Open()
    {
        string name = ResourceOf(RuntimeInformation.ProcessArchitecture);
        using Stream resource = typeof(BpfObject).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("the BPF object is not in the assembly");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return Open(bytes);
    }

    /// <summary>The same of another object.</summary>
    /// <param name="bytes">The ELF object.</param>
    /// <param name="types">A file with the BTF for which the programs are relocated; by default the running kernel's.</param>
    internal static BpfObject Open(ReadOnlySpan<byte> bytes, string? types = null)
    {
        // libbpf reads the ELF in place and needs it aligned.
        nuint size = (nuint)bytes.Length;
        var image = (byte*)NativeMemory.AlignedAlloc(size, 64);
        bytes.CopyTo(new Span<byte>(image, bytes.Length));
        var log = (byte*)NativeMemory.AllocZeroed(LogSize);
        BpfMessages.Collect();
        fixed (byte* objectName = "kvmscope\0"u8)
        fixed (byte* typesPath = types is null ? null : Encoding.UTF8.GetBytes(types + '\0'))
        {
            Interop.Libbpf.bpf_object_open_opts options = new()
            {
                sz = (nuint)sizeof(Interop.Libbpf.bpf_object_open_opts),
                object_name = objectName,
                btf_custom_path = typesPath,
                kernel_log_buf = log,
                kernel_log_size = LogSize,
            };
            nint handle = Interop.Libbpf.bpf_object__open_mem(image, size, &options);
            int errno = Marshal.GetLastPInvokeError();
            BpfObject opened = new(image, log, new BpfObjectHandle(handle));
            if (handle != 0) return opened;
            opened.Dispose();
            throw Errno.Error("cannot open the BPF object", errno);
        }
    }

    internal nint Map(string name)
    {
        nint map = Interop.Libbpf.bpf_object__find_map_by_name(Handle, name);
        return map != 0 ? map : throw new InvalidOperationException($"no map {name} in the BPF object");
    }

    internal int MapFd(string name) => Interop.Libbpf.bpf_map__fd(Map(name));

    internal void SetMaxEntries(string map, int count)
    {
        int result = Interop.Libbpf.bpf_map__set_max_entries(Map(map), (uint)count);
        if (result < 0) throw new InvalidOperationException($"{map}: cannot set {count} entries ({result})");
    }

    /// <summary>
    /// A section of global variables, to be filled before load. After load, libbpf before 1.6 shows a copy: map the section to reach what
    /// the programs use.
    /// </summary>
    internal ref T Section<T>(string name) where T : unmanaged
    {
        nuint size = 0;
        nint at = Interop.Libbpf.bpf_map__initial_value(Map(name), &size);
        if (at == 0 || size != (nuint)sizeof(T))
            throw new InvalidOperationException($"{name}: {size} bytes, not {sizeof(T)} as expected");
        return ref *(T*)at;
    }

    /// <summary>Loads only the named programs. Returns 0, or the errno.</summary>
    internal int Load(params ReadOnlySpan<string> programs)
    {
        foreach (string program in Programs.All)
        {
            // Some programs exist on one architecture only.
            nint found = Interop.Libbpf.bpf_object__find_program_by_name(Handle, program);
            if (found != 0) Interop.Libbpf.bpf_program__set_autoload(found, programs.Contains(program));
            else if (programs.Contains(program)) throw new InvalidOperationException($"no program {program} in the BPF object");
        }
        return -Math.Min(0, Interop.Libbpf.bpf_object__load(Handle));
    }

    /// <summary>Attaches a loaded program for as long as this object lives. Returns 0, or the errno.</summary>
    internal int Attach(string program)
    {
        nint found = Program(program), link = Interop.Libbpf.bpf_program__attach(found);
        int errno = Marshal.GetLastPInvokeError();
        if (link == 0) return errno;
        _links.Add(new BpfLinkHandle(link));
        _attached.Add(Interop.Libbpf.bpf_program__fd(found));
        return 0;
    }

    /// <summary>Detaches all programs; their maps stay.</summary>
    internal void Detach()
    {
        foreach (BpfLinkHandle link in _links) link.Dispose();
        _links.Clear();
    }

    /// <summary>Runs a loaded iterator once, over everything that it iterates. Returns 0, or the errno.</summary>
    internal int RunIterator(string program)
    {
        nint attached = Interop.Libbpf.bpf_program__attach(Program(program));
        if (attached == 0) return Marshal.GetLastPInvokeError();
        using var link = new BpfLinkHandle(attached);
        int iterator = Interop.Libbpf.bpf_iter_create(Interop.Libbpf.bpf_link__fd(link));
        if (iterator < 0) return Marshal.GetLastPInvokeError();
        using var handle = new SafeFileHandle(iterator, ownsHandle: true);
        byte* nothing = stackalloc byte[64];
        while (true)
        {
            // The programs write nothing: the kernel returns at the end, or to take a breath.
            nint read = Interop.Libc.read(handle, nothing, 64);
            if (read >= 0) return 0;
            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (Errno.EAGAIN or Errno.EINTR)) return errno;
        }
    }

    /// <summary>
    /// Waits until all programs have ended that began before: the kernel waits for that when an element of a map of maps is replaced
    /// (bpf/maps.bpf.h).
    /// </summary>
    internal void WaitForPrograms()
    {
        int zero = 0, inner = MapFd("waited");
        if (Interop.Libbpf.bpf_map_update_elem(MapFd("wait_programs"), &zero, &inner, 0) != 0)
            throw Errno.Error("cannot wait for the BPF programs", Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// How often the kernel skipped an attached program because it was already running on that CPU (bpf_prog_info.recursion_misses, since
    /// 5.12); 0 on kernels without that counter.
    /// </summary>
    internal ulong Misses()
    {
        ulong sum = 0;
        foreach (int program in _attached)
        {
            Interop.Libbpf.bpf_prog_info info = default;
            uint size = (uint)sizeof(Interop.Libbpf.bpf_prog_info);
            if (Interop.Libbpf.bpf_obj_get_info_by_fd(program, &info, &size) == 0) sum += info.recursion_misses;
        }
        return sum;
    }

    /// <summary>The last message of the verifier or of libbpf, in one line.</summary>
    internal string? LastMessage()
    {
        ReadOnlySpan<byte> log = new(_log, LogSize);
        return VerifierLog.Summary(Encoding.UTF8.GetString(log[..log.IndexOf((byte)0)])) ?? BpfMessages.Lines().LastOrDefault();
    }

    private nint Program(string name)
    {
        nint program = Interop.Libbpf.bpf_object__find_program_by_name(Handle, name);
        return program != 0 ? program : throw new InvalidOperationException($"no program {name} in the BPF object");
    }

    /// <summary>Detaches and unloads.</summary>
    public void Dispose()
    {
        Detach();
        Handle.Dispose();
        NativeMemory.AlignedFree(_image);
        NativeMemory.Free(_log);
    }

    /// <summary>The names of the programs in bpf/kvmscope.bpf.c.</summary>
    internal static class Programs
    {
        private static readonly (string Entry, string Exit)[] s_pairs =
        [
            ("entry_raw", "exit_raw"), ("entry_raw_more", "exit_raw_more"),
            ("entry_btf", "exit_btf"), ("entry_btf_more", "exit_btf_more"),
        ];

        /// <summary>The programs of entries and exits.</summary>
        /// <param name="isTyped">tp_btf; if not, raw_tp as kernels up to 5.15 have it.</param>
        /// <param name="more">Those that can do more than count and time.</param>
        internal static (string Entry, string Exit) Pair(bool isTyped, bool more) => s_pairs[(isTyped ? 2 : 0) + (more ? 1 : 0)];

        internal const string DestroyFentry = "destroy_fentry";
        internal const string DestroyKprobe = "destroy_kprobe";
        internal const string SchedOutFentry = "cpu_out_fentry";
        internal const string SchedOutKprobe = "cpu_out_kprobe";
        internal const string SchedInFentry = "cpu_in_fentry";
        internal const string SchedInKprobe = "cpu_in_kprobe";
        internal const string LoadFentry = "load_fentry";
        internal const string LoadKprobe = "load_kprobe";
        internal const string PutFentry = "put_fentry";
        internal const string PutKprobe = "put_kprobe";
        internal const string RunFentry = "run_fentry";
        internal const string RunKprobe = "run_kprobe";
        internal const string UserspaceExit = "userspace_exit";
        internal const string UserspaceExitPerf = "user_exit_perf";
        internal const string KnownVcpus = "known_vcpus";
        internal const string VcpuStates = "vcpu_states";
        internal const string VcpuWakeup = "vcpu_wakeup";
        internal const string Mmio = "mmio";
        internal const string FastMmio = "fast_mmio";
        internal const string Pio = "pio";
        internal const string Msr = "msr";
        internal const string PageFault = "page_fault";
        internal const string PageFaultVcpu = "page_fault_vcpu";
        internal const string ExitRecord = "exit_record";
        internal const string TaskSwitch = "task_switch";
        internal static readonly string[] All =
        [
            .. s_pairs.SelectMany(p => new[] { p.Entry, p.Exit }),
            DestroyFentry, DestroyKprobe, SchedOutFentry, SchedOutKprobe, SchedInFentry, SchedInKprobe, LoadFentry, LoadKprobe,
            PutFentry, PutKprobe, RunFentry, RunKprobe, UserspaceExit, UserspaceExitPerf, KnownVcpus, VcpuStates, VcpuWakeup, Mmio,
            FastMmio, Pio, Msr, PageFault, PageFaultVcpu, ExitRecord, TaskSwitch,
        ];
    }
}

/// <summary>Owns a struct bpf_object, and with it its maps and programs.</summary>
internal sealed class BpfObjectHandle : SafeHandle
{
    /// <summary>An empty handle, for the marshaller.</summary>
    public BpfObjectHandle() : base(0, ownsHandle: true) { }

    internal BpfObjectHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Interop.Libbpf.bpf_object__close(handle);
        return true;
    }
}

/// <summary>Owns a struct bpf_link: the program is attached while it lives.</summary>
internal sealed class BpfLinkHandle : SafeHandle
{
    /// <summary>An empty handle, for the marshaller.</summary>
    public BpfLinkHandle() : base(0, ownsHandle: true) { }

    internal BpfLinkHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Interop.Libbpf.bpf_link__destroy(handle) == 0;
}
