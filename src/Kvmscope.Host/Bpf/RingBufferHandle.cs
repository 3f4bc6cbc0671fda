using System.Runtime.InteropServices;

namespace Kvmscope.Host.Bpf;

/// <summary>Owns a struct ring_buffer: the reader's side of a BPF ring buffer.</summary>
internal sealed class RingBufferHandle : SafeHandle
{
    /// <summary>An empty handle, for the marshaller.</summary>
    public RingBufferHandle() : base(0, ownsHandle: true) { }

    internal RingBufferHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Interop.Libbpf.ring_buffer__free(handle);
        return true;
    }
}
