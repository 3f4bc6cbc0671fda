using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Recordings;

/// <summary>
/// A file that is open for reading, as a stream with a position of its own: several may read one descriptor. Where the descriptor was
/// closed meanwhile, that is an error of reading.
/// </summary>
/// <param name="file">The descriptor; it stays open when this is disposed.</param>
internal sealed class FileView(SafeFileHandle file) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length
    {
        get
        {
            try
            {
                return RandomAccess.GetLength(file);
            }
            catch (ObjectDisposedException error)
            {
                throw Removed(error);
            }
        }
    }

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            int length = RandomAccess.Read(file, buffer, Position);
            Position += length;
            return length;
        }
        catch (ObjectDisposedException error)
        {
            throw Removed(error);
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static IOException Removed(Exception error) => new("it was removed", error);
}
