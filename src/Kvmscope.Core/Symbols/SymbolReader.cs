using System.Globalization;
using System.Text;

namespace Kvmscope.Core.Symbols;

/// <summary>
/// Reads a System.map, a copy of /proc/kallsyms, or an ELF file with a symbol table. The file may be anything: what is read of it is
/// bounded.
/// </summary>
public static class SymbolReader
{
    /// <summary>As many bytes of a file, of its symbols and of their names, and as many symbols, are read at most.</summary>
    internal const long MostBytes = 256 << 20;

    /// <inheritdoc cref="MostBytes"/>
    internal const int MostSymbols = 4_000_000;

    private const int MostLine = 4096, TypeAt = 1, NameAt = 2;

    /// <summary>Reads a file.</summary>
    /// <param name="file">The file; must be able to seek.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="KvmscopeException">It has no symbols of code, or is not such a file (status 2).</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SymbolTable Read(Stream file, string name)
    {
        Span<byte> magic = stackalloc byte[4];
        int read = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        file.Position = 0;
        bool isElf = magic[..read].SequenceEqual("\u007fELF"u8);
        SymbolTable table = SymbolTable.Of(isElf ? new ElfSymbols(file, name).Read() : ReadText(file, name));
        return table.Count > 0 ? table : throw Error(name, "it names no function", "Give a System.map, a copy of the guest's "
            + "/proc/kallsyms, or an ELF file that was not stripped.");
    }

    /// <summary>The error about a file.</summary>
    internal static KvmscopeException Error(string name, string what, string hint) =>
        new(ExitStatus.Usage, $"'{name}' is not a table of symbols: {what}", hint);

    private static List<Symbol> ReadText(Stream file, string name)
    {
        List<Symbol> symbols = [];
        bool anyAddress = false;
        int number = 0;
        foreach (string line in Lines(file, name))
        {
            number++;
            if (line.Length == 0) continue;
            Symbol symbol = ParseLine(line) ?? throw Error(name,
                $"line {number.ToString(CultureInfo.InvariantCulture)} is not an address, a type and a name",
                "A System.map or a copy of /proc/kallsyms has lines like 'ffffffff81000000 T _text'.");
            anyAddress |= symbol.Address != 0;
            if (symbols.Count == MostSymbols) throw TooMany(name);
            symbols.Add(symbol);
        }
        if (symbols.Count > 0 && !anyAddress)
            throw Error(name, "all of its addresses are 0", "Copy the guest's /proc/kallsyms as root, or with kernel.kptr_restrict=0.");
        return symbols;
    }

    /// <summary>The error about too many symbols.</summary>
    internal static KvmscopeException TooMany(string name) => Error(name,
        $"it has more than {MostSymbols.ToString(CultureInfo.InvariantCulture)} symbols", "Give the table of one kernel or program.");

    // "ffffffff81000000 T _text", and in kallsyms "ffffffffc0401000 t handle_exit<TAB>[kvm_amd]".
    private static Symbol? ParseLine(string line)
    {
        string[] words = line.Split(' ', 3);
        if (words.Length != 3 || words[TypeAt].Length != 1 || words[NameAt].Length == 0) return null;
        if (words[0].Length > 16) return null;
        if (!ulong.TryParse(words[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)) return null;
        char type = words[TypeAt][0];
        if (!char.IsAsciiLetter(type) && type is not '?' and not '-') return null;
        string name = words[NameAt].Replace('\t', ' ');
        bool isWeak = type is 'w' or 'W';
        return new Symbol(address, 0, name, isWeak || type is 't' or 'T', Symbol.RankOf(name, type == 'T', isWeak));
    }

    private static IEnumerable<string> Lines(Stream file, string name)
    {
        byte[] buffer = new byte[1 << 16];
        var line = new List<byte>();
        long total = 0;
        int count;
        while ((count = file.Read(buffer)) > 0)
        {
            if ((total += count) > MostBytes) throw Error(name, "it is too large", "Give the table of one kernel or program.");
            for (int i = 0; i < count; i++)
            {
                if (buffer[i] == '\n')
                {
                    yield return Text(line);
                    line.Clear();
                }
                else if (line.Count < MostLine) line.Add(buffer[i]);
                else throw Error(name, "a line is longer than any symbol", "Give a System.map, a copy of /proc/kallsyms, or an ELF file.");
            }
        }
        if (line.Count > 0) yield return Text(line);
    }

    private static string Text(List<byte> line) => Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
}
