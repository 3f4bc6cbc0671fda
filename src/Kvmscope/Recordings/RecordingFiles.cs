using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>The recordings behind the names on a command line: files, and folders with recordings among other files.</summary>
internal sealed class RecordingFiles
{
    private const string Extension = ".kvmscope", Hint = "Give a file that 'kvmscope record' made, or a folder with such files.";

    private readonly List<RecordingPart> _parts = [];
    private readonly List<string> _leftOut = [];
    private readonly HashSet<FileIdentity> _seen = [];
    private readonly IOperatingSystem _system;
    private KvmscopeException? _first;

    private RecordingFiles(IOperatingSystem system) => _system = system;

    /// <summary>The recordings that can be read and hold something.</summary>
    public IReadOnlyList<RecordingPart> Parts => _parts;

    /// <summary>One line for each file that looks like a recording and could not be read.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>All files, so that none of them is overwritten.</summary>
    public List<string> Names { get; } = [];

    /// <summary>Looks into each of them. Only what is needed to put them in order stays in memory.</summary>
    /// <param name="paths">As typed.</param>
    /// <param name="system">Tells which file a name refers to.</param>
    /// <exception cref="KvmscopeException">
    /// A name is of no file, or of none that is a recording (status 2); no recording can be read (status 2 or 1).
    /// </exception>
    public static RecordingFiles Find(IReadOnlyList<string> paths, IOperatingSystem system)
    {
        var files = new RecordingFiles(system);
        string[][] found = [.. paths.Select(path => Directory.Exists(path) ? files.InFolder(path) : [path])];
        bool isOne = found.Sum(f => f.Length) == 1;
        for (int i = 0; i < found.Length; i++)
        {
            bool isFolder = Directory.Exists(paths[i]);
            if (found[i].Length == 0) throw UsageError.Of($"there is no recording in '{paths[i]}'", Hint);
            foreach (string file in found[i]) files.Add(file, isOne, isFolder);
        }
        return files._parts.Count > 0 ? files : throw files._first ?? Empty(paths[0]);
    }

    /// <summary>Opens a file; a recorder may still be writing to it.</summary>
    /// <exception cref="KvmscopeException">It cannot be read (status 2).</exception>
    public static FileStream OpenStream(string path)
    {
        FileStream stream;
        try
        {
            const FileShare noLock = FileShare.ReadWrite | FileShare.Delete;
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, noLock, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            throw UsageError.Of($"there is no file '{path}'", Hint);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw UsageError.Of($"cannot read '{path}': {IoReason.Of(error)}", Hint);
        }
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw UsageError.Of($"'{path}' is not a regular file", "Save it to a file first.");
    }

    private static KvmscopeException Empty(string path) => UsageError.Of($"'{path}' holds no interval yet",
        "It was just started, or its recorder was killed within its first interval.");

    // A pipe in a folder would wait for somebody to write to it.
    private string[] InFolder(string path)
    {
        try
        {
            IEnumerable<string> files = Directory.EnumerateFiles(path).Where(f => _system.IdentityOf(f) is not null && LooksLikeOne(f));
            return [.. files.Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw UsageError.Of($"cannot read the folder '{path}': {IoReason.Of(error)}", Hint);
        }
    }

    // By its first bytes, or by its name: a recording whose begin is damaged must not be missed. A recorder that has just begun has an
    // empty file.
    private static bool LooksLikeOne(string file)
    {
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (stream.Length == 0) return false;
            Span<byte> begin = stackalloc byte[MemberHead.Size];
            int length = stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
            return file.EndsWith(Extension, StringComparison.Ordinal) || MemberHead.TryRead(begin[..length], out _);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return file.EndsWith(Extension, StringComparison.Ordinal);
        }
    }

    /// <summary>Whether a file is not of another kind: it begins as a recording, is empty, or cannot be looked into.</summary>
    public static bool MayBeOne(string file)
    {
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Span<byte> begin = stackalloc byte[MemberHead.Size];
            int length = stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
            return length == 0 || begin[..length].StartsWith(MemberHead.Magic);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private void Add(string file, bool isOne, bool isFolder)
    {
        if (_system.IdentityOf(file) is { } identity && !_seen.Add(identity)) return;
        Names.Add(file);
        try
        {
            using FileStream stream = OpenStream(file);
            RecordingPart part = RecordingPart.Of(Recording.Open(stream, file));
            if (part.Intervals > 0) _parts.Add(part);
            else _first ??= Empty(file);
        }
        catch (KvmscopeException error) when (!isOne && (isFolder || error.Status == ExitStatus.Failed))
        {
            _first ??= error;
            _leftOut.Add($"{error.Message}: it is left out");
        }
    }
}
