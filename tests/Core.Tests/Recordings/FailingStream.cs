namespace Kvmscope.Core.Tests.Recordings;

/// <summary>A file on a disk that fails from some byte on.</summary>
internal sealed class FailingStream(byte[] bytes, long failsAt) : MemoryStream(bytes, writable: false)
{
    // The other overloads call this one.
    public override int Read(byte[] buffer, int offset, int count) =>
        Position + count > failsAt ? throw new IOException("Input/output error") : base.Read(buffer, offset, count);
}
