using System.Globalization;

namespace Kvmscope.Recordings;

/// <summary>
/// The names of recordings that rotate: <c>run.kvmscope</c> becomes <c>run-20260301T120000Z.kvmscope</c>, so that they sort by time.
/// </summary>
/// <param name="path">The name without a time.</param>
internal sealed class Rotation(string path)
{
    private const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";

    // One hour of names, one per second.
    private const int MostTaken = 3600;

    private readonly string _folder = Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";
    private readonly string _stem = Path.GetFileNameWithoutExtension(path), _extension = Path.GetExtension(path);

    /// <summary>The name of a file that begins at this time.</summary>
    public string NameAt(DateTimeOffset time)
    {
        string name = $"{_stem}-{time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)}{_extension}";
        return Path.GetDirectoryName(path) is { Length: > 0 } folder ? Path.Combine(folder, name) : name;
    }

    /// <summary>
    /// The name of a file that begins at this time, or the next free second: if the clock was set back, a name may exist.
    /// </summary>
    public string FreeNameAt(DateTimeOffset time)
    {
        string name = NameAt(time);
        for (int later = 1; later <= MostTaken && Path.Exists(name); later++) name = NameAt(time.AddSeconds(later));
        return name;
    }

    /// <summary>The files of these names, the newest first.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be read.</exception>
    public IEnumerable<string> Files() => Directory.EnumerateFiles(_folder).Select(file => (Time: TimeOf(file), File: file))
        .Where(file => file.Time is not null).OrderByDescending(file => file.Time).Select(file => file.File);

    /// <summary>
    /// Removes the oldest files of these names until the rest covers the time of <paramref name="keep"/> files. A file that was cut short
    /// counts only in part, so that a recorder that is restarted often does not remove history.
    /// </summary>
    /// <param name="keep">How many.</param>
    /// <param name="length">The time that a complete file covers.</param>
    /// <param name="current">The file that is written now or next; it stays.</param>
    /// <param name="isCounted">Whether it counts as one of them.</param>
    /// <param name="isOwn">Whether a file is one of this recorder's; others neither count nor are removed.</param>
    /// <returns>Why a file could not be removed; null for no error.</returns>
    public string? Prune(int keep, TimeSpan length, string current, bool isCounted, Func<string, bool> isOwn)
    {
        string? why = null;
        try
        {
            foreach (string file in Surplus(keep, length, current, isCounted, isOwn))
            {
                try
                {
                    File.Delete(file);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    why ??= error.Message;
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            why ??= error.Message;
        }
        return why;
    }

    private List<string> Surplus(int keep, TimeSpan length, string current, bool isCounted, Func<string, bool> isOwn)
    {
        DateTime now = TimeOf(current) ?? DateTime.MaxValue;
        var before = new List<(DateTime Time, string File)>();
        var later = new List<(DateTime Time, string File)>();
        foreach (string file in Directory.EnumerateFiles(_folder))
        {
            if (TimeOf(file) is not { } time || Path.GetFileName(file) == Path.GetFileName(current)) continue;
            if (!isOwn(file)) continue;
            (time <= now ? before : later).Add((time, file));
        }
        // A file that seems to be from the future was made before the clock was set back.
        before.Sort((x, y) => y.Time.CompareTo(x.Time));
        later.Sort((x, y) => y.Time.CompareTo(x.Time));
        var surplus = new List<string>();
        double kept = isCounted ? 1 : 0;
        DateTime next = now;
        foreach ((DateTime time, string file) in before)
        {
            if (kept >= keep) surplus.Add(file);
            kept += Share(next - time, length);
            next = time;
        }
        foreach ((_, string file) in later)
            if (kept++ >= keep) surplus.Add(file);
        return surplus;
    }

    // A file is complete if the next one began at least half a rotation later: rotations fall on intervals, and names on seconds.
    private static double Share(TimeSpan until, TimeSpan length) => until >= (length / 2) - TimeSpan.FromSeconds(1) ? 1 : until / length;

    // Only names that NameAt makes: other files belong to somebody else.
    private DateTime? TimeOf(string file)
    {
        string name = Path.GetFileName(file);
        if (!name.StartsWith(_stem + "-", StringComparison.Ordinal) || !name.EndsWith(_extension, StringComparison.Ordinal)) return null;
        if (name.Length <= _stem.Length + _extension.Length) return null;
        string text = name[(_stem.Length + 1)..^_extension.Length];
        return DateTime.TryParseExact(text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time) ? time : null;
    }
}
