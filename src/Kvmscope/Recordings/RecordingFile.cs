using Kvmscope.Core;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>
/// A recording that is being made: always a new file, so that no two recorders share one and no recording is lost to another. What was
/// appended stays, also over a power cut; what could not be appended whole is taken back.
/// </summary>
internal sealed class RecordingFile : IDisposable
{
    // It holds where in a guest's code exits came from, and names of the host's tasks: for whoever made it alone, as perf.data is.
    private static readonly FileStreamOptions s_options = new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private readonly FileStream _stream;
    private bool _isKept;

    private RecordingFile(FileStream stream, string path) => (_stream, Path) = (stream, path);

    /// <summary>Its name as it was given.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Makes the file; it is removed again if nothing is appended.</summary>
    /// <param name="system">Makes its name last, and gives it to its owner.</param>
    /// <param name="path">Its name.</param>
    /// <param name="status">What an error is: of the command line, or of a recording that is under way.</param>
    /// <param name="owner">The owner that it is to have, where that may be another than this process's user.</param>
    /// <exception cref="KvmscopeException">It is there already, or cannot be made; with the reason.</exception>
    public static RecordingFile Create(IOperatingSystem system, string path, ExitStatus status = ExitStatus.Usage, FileOwner? owner = null)
    {
        try
        {
            var file = new RecordingFile(new FileStream(path, s_options), path);
            // Where it is refused the file is whole all the same.
            if (owner is { } other) system.Give(file._stream.SafeFileHandle, other);
            // The name has to survive a power cut too.
            system.SyncFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? "/");
            return file;
        }
        catch (IOException error) when (System.IO.Path.Exists(path))
        {
            throw new KvmscopeException(status, $"'{path}' is there already", "Recordings are never written over: give another name with -o, or remove it.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new KvmscopeException(status, $"cannot make '{path}': {IoReason.Of(error)}", "Choose another place with -o FILE.", error);
        }
    }

    /// <summary>Appends bytes; they are on the disk when it returns.</summary>
    /// <exception cref="KvmscopeException">They could not be written (status 1); the file is as it was before.</exception>
    public void Append(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            _stream.Write(bytes.Span);
            _stream.Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            TakeBack();
            throw new KvmscopeException(ExitStatus.Failed, $"cannot write '{Path}': {IoReason.Of(error)}",
                _isKept ? "What was recorded before is whole and can be read; make room, or choose another place with -o FILE." : "Make room, or choose another place with -o FILE.",
                error);
        }
        Length += bytes.Length;
        _isKept = true;
    }

    /// <summary>Closes it, and removes it if nothing was appended.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (_isKept) return;
        try
        {
            File.Delete(Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An empty file stays behind, which a reader names as such.
        }
    }

    private void TakeBack()
    {
        try
        {
            _stream.SetLength(Length);
        }
        catch (IOException)
        {
            // A reader takes what is behind the last whole interval for what it is.
        }
    }
}
