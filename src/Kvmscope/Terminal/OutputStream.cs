using System.Text;
using Kvmscope.Core;

namespace Kvmscope.Terminal;

/// <summary>Writes to another stream and turns its errors into the program's own: a closed pipe, a full disk.</summary>
/// <param name="inner">Where the bytes go.</param>
/// <param name="name">What to call it in a message.</param>
/// <param name="hint">What to do about an error.</param>
internal sealed class OutputStream(Stream inner, string name, string hint = OutputStream.IncompleteHint) : Stream
{
    private const string IncompleteHint = "What was written is incomplete; free some space, or choose another place with -o FILE.";

    // errno of Linux; .NET puts it in HResult if it has no code of its own.
    private const int Epipe = 32;

    private long _written;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _written;

    /// <summary>How many bytes were written.</summary>
    public override long Position { get => _written; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
            _written += buffer.Length;
        }
        catch (Exception error) when (IoReason.IsOfWriting(error))
        {
            throw Translate(error);
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        try
        {
            inner.Flush();
        }
        catch (Exception error) when (IoReason.IsOfWriting(error))
        {
            throw Translate(error);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private Exception Translate(Exception error)
    {
        if (error.HResult == Epipe) return new BrokenPipeException(error);
        string reason = IoReason.Of(error);
        return new KvmscopeException(ExitStatus.Failed, $"cannot write {name}: {reason}", hint, error);
    }
}

/// <summary>Nobody reads standard output any more (<c>| head</c>): the program ends quietly.</summary>
internal sealed class BrokenPipeException(Exception inner) : Exception("the reader of the output is gone", inner);

/// <summary>This process's standard streams as writers.</summary>
internal static class StandardStreams
{
    private static readonly UTF8Encoding s_encoding = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Standard output: nothing is written before a flush, and errors are reported.</summary>
    public static TextWriter Output() => new StreamWriter(new OutputStream(HostFactory.StandardStream(1), "standard output"), s_encoding);

    /// <summary>Standard error: written at once. Where that fails there is nobody to tell.</summary>
    public static TextWriter Error() =>
        TextWriter.Synchronized(new StreamWriter(HostFactory.StandardStream(2, isQuiet: true), s_encoding) { AutoFlush = true });
}
