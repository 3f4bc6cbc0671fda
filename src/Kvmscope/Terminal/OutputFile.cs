using System.Text;
using Kvmscope.CommandLine;

namespace Kvmscope.Terminal;

/// <summary>
/// The file of <c>-o</c>: opened before tracing starts, emptied only before the first output, so that a failed start keeps the former
/// content.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly FileStream _stream;

    private OutputFile(FileStream stream, string path)
    {
        _stream = stream;
        Bytes = new OutputStream(stream, path);
        Writer = new StreamWriter(Bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Writes to the file; a flush reports a full disk.</summary>
    public TextWriter Writer { get; }

    /// <summary>The same for bytes.</summary>
    public Stream Bytes { get; }

    /// <summary>Opens the file.</summary>
    /// <exception cref="Core.KvmscopeException">It cannot be written (status 2, with the reason).</exception>
    public static OutputFile Open(string path)
    {
        if (Directory.Exists(path)) throw Refused(path, "it is a directory");
        try
        {
            // No lock is taken, so that /dev/stdout, pipes and files being watched work.
            const FileShare noLock = FileShare.ReadWrite | FileShare.Delete;
            return new OutputFile(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, noLock, bufferSize: 0), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Refused(path, IoReason.Of(error));
        }
    }

    /// <summary>Empties the file: tracing has started and the former content is no longer needed.</summary>
    public void Empty()
    {
        if (_stream.CanSeek && _stream.Length > 0) _stream.SetLength(0);
    }

    /// <summary>Closes the file; what is not flushed is lost.</summary>
    public void Dispose() => _stream.Dispose();

    private static Core.KvmscopeException Refused(string path, string reason) =>
        UsageError.Of($"cannot write '{path}': {reason}", "Choose another file with -o, or leave it out to write to standard output.");
}
