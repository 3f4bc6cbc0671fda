using System.Text;
using Kvmscope.Core;

namespace Kvmscope.Server.Listening;

/// <summary>Files with secrets, which only their owner and its group can read.</summary>
internal static class PrivateFile
{
    private const long MostBytes = 1 << 16;

    /// <summary>Reads one.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="KvmscopeException">It cannot be read, others can read it, or it is no text of at most 64 KB (status 2).</exception>
    public static string Read(string option, string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if ((File.GetUnixFileMode(file.SafeFileHandle) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
                throw Error(option, path, "every user can read or write it", $"Make it private: chmod 600 {path}");
            if (file.Length > MostBytes) throw Error(option, path, "it is larger than 64 KB", "Give a file of lines of text.");
            using var reader = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // What is not UTF-8 is an ArgumentException too.
            string why = error is UnauthorizedAccessException ? "permission denied"
                : error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be read as text";
            throw Error(option, path, why, "Give a file that this user can read.");
        }
    }

    /// <summary>Its lines that are neither empty nor comments (<c>#</c>), without blanks around them, and their numbers.</summary>
    public static IEnumerable<(int Number, string Line)> Lines(string text) => text.Split('\n')
        .Select((line, i) => (i + 1, line.Trim(' ', '\t', '\r'))).Where(line => line.Item2.Length > 0 && line.Item2[0] != '#');

    /// <summary>What is wrong with one.</summary>
    public static KvmscopeException Error(string option, string path, string why, string hint) =>
        new(ExitStatus.Usage, $"{option} '{path}': {why}", hint);
}
