using System.Globalization;

namespace Kvmscope.Recordings;

/// <summary>The names of recordings that rotate: <c>run.kvmscope</c> becomes <c>run-20260301T120000Z.kvmscope</c>, so that they sort by time.</summary>
/// <param name="path">The name without a time.</param>
internal sealed class Rotation(string path)
{
    private const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";

    private readonly string _folder = Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";
    private readonly string _stem = Path.GetFileNameWithoutExtension(path), _extension = Path.GetExtension(path);

    /// <summary>The name of a file that begins at this time.</summary>
    public string NameAt(DateTimeOffset time)
    {
        string name = $"{_stem}-{time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)}{_extension}";
        return Path.GetDirectoryName(path) is { Length: > 0 } folder ? Path.Combine(folder, name) : name;
    }

    /// <summary>Removes the oldest files of these names until so many are left.</summary>
    /// <returns>What could not be removed, and why; null where all went well.</returns>
    public string? Prune(int keep)
    {
        try
        {
            string[] old = [.. Directory.EnumerateFiles(_folder).Where(IsOne).OrderDescending(StringComparer.Ordinal).Skip(keep)];
            foreach (string file in old) File.Delete(file);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    // Only what NameAt can have made: whatever else is there is somebody's.
    private bool IsOne(string file)
    {
        string name = Path.GetFileName(file);
        if (!name.StartsWith(_stem + "-", StringComparison.Ordinal) || !name.EndsWith(_extension, StringComparison.Ordinal)) return false;
        string time = name[(_stem.Length + 1)..^_extension.Length];
        return DateTime.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }
}
