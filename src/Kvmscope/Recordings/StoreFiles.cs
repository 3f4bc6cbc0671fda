using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Recordings;
using Kvmscope.Terminal;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Recordings;

/// <summary>
/// The files of a store, for a history that reads them. They are opened by the thread that records, the earlier ones before privileges are
/// dropped: whoever reads needs nothing but the descriptors. What is in them is looked at by another thread.
/// </summary>
internal sealed class StoreFiles : IDisposable
{
    /// <summary>How many are open at most: each needs a descriptor.</summary>
    private const int Most = 512;

    private const int MostLines = 5;

    private readonly Lock _lock = new(), _looking = new();
    private readonly List<StoredFile> _files = [];
    private readonly HashSet<string> _made = [];
    private readonly List<string> _leftOut = [];
    private readonly StoredHistory _history;
    private RecordingHeader? _trace;
    private bool _isOutdated;

    private sealed record StoredFile(string Path, SafeFileHandle Handle)
    {
        /// <summary>Its recording, once it was looked at.</summary>
        internal RecordingPart? Part { get; set; }

        /// <summary>Why it has none.</summary>
        internal string? Why { get; set; }

        internal Recording Open() => Recording.Open(new FileView(Handle), Path);
    }

    /// <summary>Makes it, without files.</summary>
    /// <param name="memory">What the trace has in memory.</param>
    /// <param name="header">What it measures.</param>
    public StoreFiles(LiveHistory memory, RecordingHeader header) =>
        _history = new StoredHistory(memory, header, Made) { Broken = LookAgain };

    /// <summary>Memory and files as one.</summary>
    public StoredHistory History => _history;

    /// <summary>Opens the files of an earlier run.</summary>
    /// <param name="paths">The newest first.</param>
    /// <param name="others">How many more have such names and were not taken.</param>
    public void Find(IReadOnlyList<string> paths, int others)
    {
        foreach (string path in paths.Take(Most)) Open(path);
        if (paths.Count > Most) _leftOut.Add(string.Create(CultureInfo.InvariantCulture,
            $"the store has {paths.Count} files, of which the newest {Most} are shown; 'kvmscope serve' with its folder shows all"));
        if (others > 0) _leftOut.Add(string.Create(CultureInfo.InvariantCulture,
            $"{others} files have names as those of the store, and are of another user or no recordings: they are left out"));
    }

    /// <summary>Begins to show them.</summary>
    /// <param name="trace">The trace's header, with its begin.</param>
    public void Begin(RecordingHeader trace)
    {
        _trace = trace;
        Forget();
        Task.Run(() => Look(isAgain: false));
    }

    /// <summary>Adds a file that this run ended; those that were removed meanwhile are closed.</summary>
    public void Add(string path)
    {
        lock (_lock) _made.Add(path);
        Open(path);
        Forget();
        Task.Run(() => Look(isAgain: false));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            foreach (StoredFile file in _files) file.Handle.Dispose();
    }

    private bool Made(RecordingPart part)
    {
        lock (_lock) return _made.Contains(part.Name);
    }

    private void Open(string path)
    {
        try
        {
            SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            lock (_lock) _files.Add(new StoredFile(path, handle));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            lock (_lock) _leftOut.Add($"'{path}' is left out: {IoReason.Of(error)}");
        }
    }

    // A descriptor would keep the space of a removed file.
    private void Forget()
    {
        lock (_lock)
        {
            foreach (StoredFile file in _files.Where(file => !File.Exists(file.Path)).ToArray()) Close(file);
            while (_files.Count > Most) Close(_files[0]);
        }
    }

    private void Close(StoredFile file)
    {
        file.Handle.Dispose();
        _files.Remove(file);
        _made.Remove(file.Path);
    }

    // Once, however many ask meanwhile.
    private void LookAgain()
    {
        if (!Interlocked.Exchange(ref _isOutdated, true)) Task.Run(() => Look(isAgain: true));
    }

    private void Look(bool isAgain)
    {
        lock (_looking)
        {
            if (isAgain) Volatile.Write(ref _isOutdated, false);
            StoredFile[] files;
            List<string> leftOut;
            lock (_lock) (files, leftOut) = ([.. _files], [.. _leftOut]);
            foreach (StoredFile file in files)
            {
                if (isAgain) (file.Part, file.Why) = (null, null);
                if (file is { Part: null, Why: null }) LookAt(file);
                if (file.Why is { } why) leftOut.Add(why);
            }
            int more = leftOut.Count - MostLines;
            if (more > 0)
            {
                leftOut.RemoveRange(MostLines, more);
                leftOut.Add(string.Create(CultureInfo.InvariantCulture, $"and {more} more files of the store"));
            }
            Dictionary<RecordingPart, StoredFile> byPart = files.Where(file => file.Part is { Intervals: > 0 })
                .ToDictionary(file => file.Part!);
            _history.Show([.. byPart.Keys], part => byPart[part].Open(), _trace!, leftOut);
        }
    }

    private static void LookAt(StoredFile file)
    {
        try
        {
            file.Part = RecordingPart.Of(file.Open());
        }
        catch (KvmscopeException error)
        {
            file.Why = $"{error.Message}: it is left out";
        }
    }
}
