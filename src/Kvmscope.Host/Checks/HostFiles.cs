namespace Kvmscope.Host.Checks;

/// <summary>Reads /proc and /sys below a root: "/" except for captured hosts. A file that cannot be read counts as absent.</summary>
/// <param name="root">The folder with /proc and /sys.</param>
internal sealed class HostFiles(string root)
{
    /// <summary>Whether a file or folder exists and is visible.</summary>
    internal bool Exists(string path) => Path.Exists(At(path));

    /// <summary>The text of a file, trimmed; null if it cannot be read.</summary>
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

    /// <summary>The rest of the first line that begins with the key, without the colon; null if there is none.</summary>
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

    /// <summary>The names in a folder, sorted; none if it cannot be listed.</summary>
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

    /// <summary>The target of a link; null if it cannot be read.</summary>
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
