using System.Runtime.InteropServices;

namespace Kvmscope.Host.Bpf;

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
