using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Exports;

/// <summary>A file that is written under another name, and gets its own when it is complete: it is never there in part.</summary>
internal sealed class ExportFile : IDisposable
{
    /// <summary>What to do where it cannot be written.</summary>
    public const string Hint = "Nothing of it is kept; free some space, or choose another place with -o OUT.";

    private const int BufferBytes = 1 << 16;

    private readonly IOperatingSystem _system;
    private readonly string _path, _draft;
    private readonly FileStream _stream;
    private bool _isComplete;

    private ExportFile(IOperatingSystem system, string path, string draft, FileStream stream)
    {
        (_system, _path, _draft, _stream) = (system, path, draft, stream);
        Bytes = new OutputStream(new BufferedStream(stream, BufferBytes), $"'{path}'", Hint);
    }

    /// <summary>Takes what is in it.</summary>
    public OutputStream Bytes { get; }

    /// <summary>Creates it, under another name.</summary>
    /// <param name="system">Syncs its folder to the disk.</param>
    /// <param name="path">Its name.</param>
    /// <param name="isPrivate">Whether only its owner may read it, as recordings.</param>
    /// <exception cref="KvmscopeException">It exists, or cannot be created (status 2).</exception>
    public static ExportFile Create(IOperatingSystem system, string path, bool isPrivate)
    {
        if (Directory.Exists(path)) throw UsageError.Of($"'{path}' is a folder", "Give the name of a file, or add --partition (parquet).");
        if (Path.Exists(path)) throw Exists(path, null);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        string draft = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        // Without a buffer of its own, which closing it would write.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (isPrivate) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new ExportFile(system, path, draft, new FileStream(draft, options));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw UsageError.Of($"cannot create '{path}': {IoReason.Of(error)}", "Choose another place with -o OUT.");
        }
    }

    /// <summary>Gives it its name; all of it is on the disk then.</summary>
    /// <exception cref="KvmscopeException">That failed (status 1), or there is another file of that name now (2).</exception>
    public void Complete()
    {
        Bytes.Flush();
        try
        {
            _stream.Flush(flushToDisk: true);
            File.Move(_draft, _path, overwrite: false);
            _isComplete = true;
        }
        catch (Exception error) when (IoReason.IsOfWriting(error))
        {
            if (Path.Exists(_path)) throw Exists(_path, error);
            throw new KvmscopeException(ExitStatus.Failed, $"cannot write '{_path}': {IoReason.Of(error)}",
                Hint, error);
        }
        _system.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(_path)) ?? "/");
    }

    /// <summary>Closes it; what is not complete is removed.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (_isComplete) return;
        try
        {
            File.Delete(_draft);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A hidden file is left behind.
        }
    }

    private static KvmscopeException Exists(string path, Exception? inner) => new(ExitStatus.Usage, $"'{path}' exists already",
        "Exports never overwrite: give another name with -o, or remove it.", inner);
}
