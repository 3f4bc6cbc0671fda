using System.Runtime.InteropServices;

namespace Kvmscope.Host.Bpf;

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
