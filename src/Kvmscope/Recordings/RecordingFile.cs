using Kvmscope.Core;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>
/// A recording that is being made: always a new file, so that no recorder overwrites another recording. What was appended survives a
/// power cut; what could not be appended completely is removed again.
/// </summary>
internal sealed class RecordingFile : IDisposable
{
    // It contains addresses in the guest's code and names of the host's tasks: readable only for its owner, like perf.data.
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

    /// <summary>Creates the file; it is removed again if nothing is appended.</summary>
    /// <param name="system">Syncs its folder to the disk, and changes its owner.</param>
    /// <param name="path">Its name.</param>
    /// <param name="status">The status of an error: of the command line, or of a recording that is running.</param>
    /// <param name="owner">Its owner, if that may be another user than that of this process.</param>
    /// <exception cref="KvmscopeException">It exists already, or cannot be created; the message has the reason.</exception>
    public static RecordingFile Create(IOperatingSystem system, string path, ExitStatus status = ExitStatus.Usage, FileOwner? owner = null)
    {
        try
        {
            var file = new RecordingFile(new FileStream(path, s_options), path);
            // If that fails, the file is still usable.
            if (owner is { } other) system.Give(file._stream.SafeFileHandle, other);
            // The name must survive a power cut too.
            system.SyncFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? "/");
            return file;
        }
        catch (IOException error) when (System.IO.Path.Exists(path))
        {
            throw new KvmscopeException(status, $"'{path}' exists already",
                "Recordings are never overwritten: give another name with -o, or remove it.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new KvmscopeException(status, $"cannot create '{path}': {IoReason.Of(error)}",
                "Choose another place with -o FILE.", error);
        }
    }

    /// <summary>Appends bytes; they are on the disk when it returns.</summary>
    /// <exception cref="KvmscopeException">They could not be written (status 1); the file is as it was before.</exception>
    public void Append(ReadOnlyMemory<byte> bytes) => Append(bytes.Span, isSynced: true);

    /// <summary>Appends bytes of what can be made again: they are on the disk after <see cref="Sync"/>.</summary>
    /// <exception cref="KvmscopeException">They could not be written (status 1); the file is as it was before.</exception>
    public void AppendUnsynced(ReadOnlyMemory<byte> bytes) => Append(bytes.Span, isSynced: false);

    /// <summary>Waits until all is on the disk.</summary>
    /// <exception cref="KvmscopeException">That failed (status 1).</exception>
    public void Sync() => Append([], isSynced: true);

    private void Append(ReadOnlySpan<byte> bytes, bool isSynced)
    {
        try
        {
            _stream.Write(bytes);
            if (isSynced) _stream.Flush(flushToDisk: true);
        }
        catch (Exception error) when (IoReason.IsOfWriting(error))
        {
            TakeBack();
            throw new KvmscopeException(ExitStatus.Failed, $"cannot write '{Path}': {IoReason.Of(error)}",
                _isKept ? "What was recorded before is complete and can be read; free some space, or choose another place with -o FILE."
                    : "Free some space, or choose another place with -o FILE.",
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
            // An empty file is left behind; a reader says that it is empty.
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
            // A reader detects an incomplete interval at the end.
        }
    }
}
