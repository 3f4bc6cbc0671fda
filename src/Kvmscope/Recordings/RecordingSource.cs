using System.Globalization;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Recordings;
using Kvmscope.Terminal;

namespace Kvmscope.Recordings;

/// <summary>One recording on disk, or several as one, open for reading; and the part of it that was asked for.</summary>
internal sealed class RecordingSource : IDisposable
{
    private const int MostLines = 20;

    private readonly RecordingFiles _files;
    private readonly Dictionary<RecordingPart, FileStream> _streams = [];

    private RecordingSource(
        RecordingFiles files, IReadOnlyList<RecordingPart> parts, string? path, CommandContext context, TimeWindow window)
    {
        _files = files;
        Path = path ?? string.Create(CultureInfo.InvariantCulture, $"{parts.Count} recordings");
        Recording = new RecordingSet(parts, Open);
        try
        {
            Window = window.In(Recording, Path, context.Clock.GetUtcNow());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What is in it.</summary>
    public RecordingSet Recording { get; }

    /// <summary>Its name as it was given; of several, how many there are.</summary>
    public string Path { get; }

    /// <summary>The part that was asked for.</summary>
    public RecordedWindow Window { get; }

    /// <summary>Its name in a title: without the folders.</summary>
    public string Title =>
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path)) is { Length: > 0 } name ? name : Path;

    /// <summary>What is known to be missing in the part that was asked for, because it is damaged.</summary>
    public IReadOnlyList<string> Damage => [.. _files.LeftOut, .. Recording.Damage.Select(text => $"{text}: it is left out")];

    /// <summary>Opens recordings; a recorder may still be writing to one.</summary>
    /// <param name="paths">Files, and folders with recordings.</param>
    /// <param name="context">Has the clock, for times such as 'yesterday'.</param>
    /// <param name="window">The part that is asked for.</param>
    /// <exception cref="KvmscopeException">
    /// One cannot be read, is not a recording, or is empty; they are of two hosts, overlap or were not made alike; or nothing was recorded
    /// in that part (status 2). It is damaged (1).
    /// </exception>
    public static RecordingSource Open(IReadOnlyList<string> paths, CommandContext context, TimeWindow? window = null)
    {
        RecordingFiles files = RecordingFiles.Find(paths, context.System);
        return new(files, files.Parts, paths is [var only] ? only : null, context, window ?? new TimeWindow(null, null));
    }

    /// <summary>Opens recordings of several hosts: one for each host that has something of the time that is asked for.</summary>
    /// <param name="files">The recordings.</param>
    /// <param name="context">Has the clock.</param>
    /// <param name="window">The part that is asked for.</param>
    /// <param name="open">Looks for what else is asked for; if it throws, that host has nothing of it.</param>
    /// <exception cref="KvmscopeException">
    /// No host has anything of it (status 2); recordings of one host overlap or were not made alike (2); one is damaged (1).
    /// </exception>
    public static IReadOnlyList<T> OpenHosts<T>(
        RecordingFiles files, CommandContext context, TimeWindow window, Func<RecordingSource, T> open)
    {
        List<T> opened = [];
        KvmscopeException? first = null;
        List<string> leftOut = [];
        var hosts = files.Parts.GroupBy(p => p.Header.Host).OrderBy(host => host.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, RecordingPart> host in hosts)
        {
            try
            {
                RecordingPart[] parts = [.. host];
                opened.Add(open(new RecordingSource(files, parts, parts is [var only] ? only.Name : null, context, window)));
            }
            catch (KvmscopeException error) when (error.IsAbsence)
            {
                first ??= error;
                leftOut.Add($"{host.Key}: {error.Message}: it is left out");
            }
        }
        if (opened.Count > 0) leftOut.ForEach(context.Say);
        return opened.Count > 0 ? opened : throw first!;
    }

    /// <summary>Refuses to overwrite one of the files.</summary>
    /// <exception cref="KvmscopeException">The output file is one of them (status 2).</exception>
    public void RefuseOverwrite(OutputPlan output, CommandContext context)
    {
        try
        {
            output.RefuseOverwrite(context.System, _files.Names);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the user must know to judge the output, one line each.</summary>
    public IEnumerable<string> Notes()
    {
        foreach (string damage in Damage) yield return damage;
        foreach (string line in Limited([.. Recording.Gaps(Window.Range)], GapText)) yield return line;
        RecordingPart[] parts = [.. Recording.Chosen];
        for (int i = 0; i < parts.Length; i++)
        {
            // Where another begins right there, the gap says it.
            if (!parts[i].HasEnd && i == parts.Length - 1)
                yield return $"{parts[i].Name} was not ended: it is still being made, or its recorder was killed. "
                    + $"It holds what was recorded until {WallTime.Of(parts[i].Clock.End)}.";
            if (parts[i].DamagedBytes > 0)
                yield return string.Create(CultureInfo.InvariantCulture,
                    $"{parts[i].Name} has {parts[i].DamagedBytes} damaged bytes; ")
                    + (parts.Length == 1 ? "an answer that needs them is an error." : "what they held is left out.");
            if (i > 0 && parts[i].Header.Kernel != parts[i - 1].Header.Kernel)
                yield return $"the kernel changed: {parts[i - 1].Header.Kernel} until {WallTime.Of(parts[i - 1].Clock.End)}, "
                    + $"{parts[i].Header.Kernel} from {WallTime.Of(parts[i].Clock.Begin)}.";
        }
        foreach (string line in Limited([.. parts.SelectMany(p => p.Steps)], StepText)) yield return line;
    }

    /// <summary>Closes it.</summary>
    public void Dispose()
    {
        foreach (FileStream stream in _streams.Values) stream.Dispose();
    }

    // The set keeps few open; a stream that it does not use any more is closed before the next one is opened.
    private Recording Open(RecordingPart part)
    {
        foreach (RecordingPart other in _streams.Keys.Where(p => p != part).SkipLast(1).ToArray())
        {
            _streams[other].Dispose();
            _streams.Remove(other);
        }
        if (!_streams.TryGetValue(part, out FileStream? stream)) _streams.Add(part, stream = RecordingFiles.OpenStream(part.Name));
        return Core.Recordings.Recording.Open(stream, part.Name);
    }

    private static IEnumerable<string> Limited<T>(T[] all, Func<T, string> line) => all.Length <= MostLines
        ? all.Select(line)
        :
        [
            .. all.Take(MostLines).Select(line),
            string.Create(CultureInfo.InvariantCulture, $"and {all.Length - MostLines} more such lines."),
        ];

    private static string GapText(RecordingGap gap) =>
        $"nothing was recorded from {WallTime.Of(gap.From)} to {WallTime.Of(gap.To)} ({WallTime.Length(gap.Length)})"
        + (gap.IsReboot ? "; the host was started again meanwhile." : ".");

    private static string StepText(ClockStep step)
    {
        string by = WallTime.Length(step.By.Duration()), when = $"after {WallTime.Of(step.Before)}", then = WallTime.Of(step.After);
        return step.Kind switch
        {
            ClockStepKind.Suspended =>
                $"the host was suspended for {by} {when}, until before {then}. That time is not part of the recording.",
            ClockStepKind.SetOrSuspended =>
                $"the host's clock was set forward by {by} {when}, to before {then}, or the host was suspended.",
            _ => $"the host's clock was set {(step.By < TimeSpan.Zero ? "back" : "forward")} by {by} {when}; next it showed {then}."
                + (step.By < TimeSpan.Zero ? " The times between these two were there twice." : ""),
        };
    }
}
