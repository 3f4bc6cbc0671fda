namespace Kvmscope.Host.Checks;

/// <summary>Reads /proc and /sys below a root, which is another than "/" for captured hosts. What cannot be read is not there.</summary>
/// <param name="root">The root.</param>
internal sealed class HostFiles(string root)
{
    /// <summary>Whether a file or folder is there and may be seen.</summary>
    internal bool Exists(string path) => Path.Exists(At(path));

    /// <summary>The text without blanks at its ends; null where it cannot be read.</summary>
    internal string? Text(string path)
    {
        try
        {
            return File.ReadAllText(At(path)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first line that begins with the key, without it and the colon after it; null where there is none.</summary>
    internal string? Field(string path, string key)
    {
        foreach (ReadOnlySpan<char> line in (Text(path) ?? "").EnumerateLines())
        {
            if (!line.StartsWith(key, StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> rest = line[key.Length..].TrimStart();
            return (rest.StartsWith(':') ? rest[1..] : rest).Trim().ToString();
        }
        return null;
    }

    /// <summary>The names in a folder, ordered; none where it cannot be listed.</summary>
    internal IReadOnlyList<string> Names(string path)
    {
        try
        {
            string[] names = [.. Directory.EnumerateFileSystemEntries(At(path)).Select(entry => Path.GetFileName(entry))];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Where a link leads; null where it cannot be read.</summary>
    internal string? Link(string path)
    {
        try
        {
            return new FileInfo(At(path)).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string At(string path) => Path.Join(root, path);
}
