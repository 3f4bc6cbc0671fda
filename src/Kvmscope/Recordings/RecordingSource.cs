using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>A recording on disk, open for reading.</summary>
internal sealed class RecordingSource : IDisposable
{
    private readonly FileStream _stream;

    private RecordingSource(FileStream stream, Recording recording, string path) => (_stream, Recording, Path) = (stream, recording, path);

    /// <summary>What is in it.</summary>
    public Recording Recording { get; }

    /// <summary>Its name as it was given.</summary>
    public string Path { get; }

    /// <summary>Opens it; a recorder may still be writing to it.</summary>
    /// <exception cref="Core.KvmscopeException">
    /// It cannot be read, is not a recording, or is empty (status 2); it is damaged (1).
    /// </exception>
    public static RecordingSource Open(string path)
    {
        FileStream stream;
        try
        {
            if (Directory.Exists(path)) throw UsageError.Of($"'{path}' is a directory", "Give a file that 'kvmscope record' made.");
            const FileShare noLock = FileShare.ReadWrite | FileShare.Delete;
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, noLock, bufferSize: 0);
        }
        catch (FileNotFoundException)
        {
            throw UsageError.Of($"there is no file '{path}'", "Give a file that 'kvmscope record' made.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw UsageError.Of($"cannot read '{path}': {IoReason.Of(error)}", "Give a file that 'kvmscope record' made.");
        }
        try
        {
            if (!stream.CanSeek) throw UsageError.Of($"'{path}' is not a regular file", "Save it to a file first.");
            return new RecordingSource(stream, Recording.Open(stream, path), path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>What the user must know to judge the output, one line each.</summary>
    public IEnumerable<string> Notes()
    {
        if (Recording.Intervals > 0 && !Recording.HasEnd)
        {
            string end = Recording.EndOf(Recording.Intervals - 1).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
            yield return $"{Path} was not ended: it is still being made, or its recorder was killed. "
                + $"It holds what was recorded until {end}.";
        }
        if (Recording.DamagedBytes > 0)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{Path} has {Recording.DamagedBytes} damaged bytes; an answer that needs them is an error.");
        if (Recording.ClockJump() is { } jump)
        {
            string by = TimeSpan.FromSeconds(Math.Round(Math.Abs(jump.By.TotalSeconds))).ToString("c", CultureInfo.InvariantCulture);
            string way = jump.By < TimeSpan.Zero ? "back" : "forward";
            yield return $"{Path}: the host's clock was set {way} by {by} at {jump.At:HH:mm:ss}. "
                + "Times are counted from the start, so that they never go back.";
        }
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => _stream.Dispose();
}
