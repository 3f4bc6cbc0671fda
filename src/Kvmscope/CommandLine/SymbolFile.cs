using Kvmscope.Core;
using Kvmscope.Core.Symbols;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>The file of <c>--symbols</c>.</summary>
internal static class SymbolFile
{
    private const string Hint = "Give a System.map, a copy of the guest's /proc/kallsyms, or an ELF file with symbols.";

    /// <summary>Reads it.</summary>
    /// <exception cref="KvmscopeException">It cannot be read, or has no symbols (status 2).</exception>
    public static SymbolTable Read(string path)
    {
        try
        {
            if (Directory.Exists(path)) throw UsageError.Of($"'{path}' is a directory", Hint);
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!file.CanSeek) throw UsageError.Of($"'{path}' is not a regular file", "Save it to a file first.");
            return SymbolReader.Read(file, path);
        }
        catch (FileNotFoundException)
        {
            throw UsageError.Of($"there is no file '{path}'", Hint);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw UsageError.Of($"cannot read '{path}': {IoReason.Of(error)}", Hint);
        }
    }
}
