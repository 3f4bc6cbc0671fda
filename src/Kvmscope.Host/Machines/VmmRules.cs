using System.Text;

namespace Kvmscope.Host.Machines;

/// <summary>Reads a file that a process was given as its config; null where it does not count.</summary>
internal delegate byte[]? ConfigReader(ReadOnlySpan<byte> path);

/// <summary>The table in Vmms.tsv, which says what its columns mean.</summary>
internal sealed class VmmRules
{
    private const string AnyVmm = "*";

    private readonly VmmRule[] _rules;

    private VmmRules(IEnumerable<string> table) =>
        _rules = [.. table.Where(line => line.Length > 0 && line[0] != '#').Skip(1).Select(line => new VmmRule(line.Split('\t')))];

    /// <summary>The rules.</summary>
    internal static VmmRules All { get; } = Load();

    /// <summary>The VMMs that the table knows, in its order.</summary>
    internal IEnumerable<string> Vmms => _rules.Select(rule => rule.Vmm).Where(vmm => vmm != AnyVmm).Distinct();

    /// <summary>The VMM of a program; null where the table has none.</summary>
    /// <param name="program">The program's name, without its folder.</param>
    /// <param name="arguments">What it was started with.</param>
    /// <param name="isCut">Whether the name may be only the begin of the program's.</param>
    internal string? VmmOf(ReadOnlySpan<byte> program, CommandLineArguments arguments, bool isCut = false)
    {
        // A wrapper's own file is often called .qemu-system-x86_64-wrapped (NixOS).
        program = program.TrimStart((byte)'.');
        foreach (VmmRule rule in _rules)
            if (rule.IsProgram(program, arguments, isCut)) return rule.Vmm;
        return null;
    }

    /// <summary>What the first rule gives that gives anything; empty where none does.</summary>
    /// <param name="vmm">The VMM; null where it is none of the table's.</param>
    /// <param name="gives">name, uuid, vmid, namespace or pod.</param>
    /// <param name="arguments">What the process was started with.</param>
    /// <param name="config">Reads config files.</param>
    internal ReadOnlySpan<byte> Find(string? vmm, string gives, CommandLineArguments arguments, ConfigReader config)
    {
        foreach (VmmRule rule in _rules)
        {
            if (rule.Gives != gives || (rule.Vmm != vmm && rule.Vmm != AnyVmm)) continue;
            ReadOnlySpan<byte> found = rule.Find(arguments, config);
            if (!found.IsEmpty) return found;
        }
        return [];
    }

    private static VmmRules Load()
    {
        using Stream table = typeof(VmmRules).Assembly.GetManifestResourceStream("Vmms.tsv")!;
        using var reader = new StreamReader(table, Encoding.UTF8);
        return new VmmRules(reader.ReadToEnd().Split('\n'));
    }
}

/// <summary>A row of the table.</summary>
/// <param name="cells">Its columns; those at its end that are empty may be missing.</param>
internal sealed class VmmRule(string[] cells)
{
    private readonly string _from = cells[2];
    private readonly byte[] _where = Encoding.UTF8.GetBytes(Cell(cells, 3));
    private readonly byte[] _key = Encoding.UTF8.GetBytes(Cell(cells, 4).TrimEnd('*'));
    private readonly bool _impliesKey = Cell(cells, 4).EndsWith('*');
    private readonly string _as = Cell(cells, 5);

    /// <summary>The VMM whose rule it is.</summary>
    internal string Vmm { get; } = cells[0];

    /// <summary>What it gives.</summary>
    internal string Gives { get; } = cells[1];

    /// <summary>Whether it is about this program.</summary>
    internal bool IsProgram(ReadOnlySpan<byte> program, CommandLineArguments arguments, bool isCut)
    {
        if (Gives != "program") return false;
        int space = _where.AsSpan().IndexOf((byte)' ');
        ReadOnlySpan<byte> wanted = space < 0 ? _where : _where.AsSpan(0, space);
        bool isOpenBefore = wanted[0] == '*', isOpenAfter = wanted[^1] == '*';
        ReadOnlySpan<byte> word = wanted.Trim((byte)'*');
        int at = program.IndexOf(word);
        bool matches = at >= 0
            ? (isOpenBefore || at == 0) && (isOpenAfter || program[at..].Length == word.Length)
            : isCut && word.StartsWith(program);
        if (!matches || space < 0) return matches;
        ReadOnlySpan<byte> rest = arguments.AfterProgram;
        return CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> first) && first.SequenceEqual(_where.AsSpan(space + 1));
    }

    /// <summary>What it finds in the arguments, as raw bytes; empty where that is nothing.</summary>
    internal ReadOnlySpan<byte> Find(CommandLineArguments arguments, ConfigReader config)
    {
        switch (_from)
        {
            case "title": return AfterPrefix(arguments.Program);
            case "after": return Shaped(arguments.After(_where));
            case "file": return Shaped(arguments.File);
            case "last": return Shaped(arguments.Last);
            case "option" or "config": return OfOption(arguments, config);
        }
        ReadOnlySpan<byte> rest = arguments.AfterProgram;
        while (CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> argument))
        {
            ReadOnlySpan<byte> found = _from == "prefix" ? AfterPrefix(argument) : Shaped(argument);
            if (!found.IsEmpty) return found;
        }
        return [];
    }

    // An option that is given again counts again: QEMU merges them, others take the last.
    private ReadOnlySpan<byte> OfOption(CommandLineArguments arguments, ConfigReader config)
    {
        ReadOnlySpan<byte> rest = arguments.AfterProgram, found = [];
        while (CommandLineArguments.NextValue(ref rest, _where, out ReadOnlySpan<byte> value))
        {
            if (_from == "config") value = ConfigFile.ValueOf(config(value), _key);
            else if (_key.Length > 0) value = CommaList.ValueOf(value, _key, _impliesKey);
            value = Shaped(value);
            if (!value.IsEmpty) found = value;
        }
        return found;
    }

    private ReadOnlySpan<byte> AfterPrefix(ReadOnlySpan<byte> text) => text.StartsWith(_where) ? Shaped(text[_where.Length..]) : [];

    private ReadOnlySpan<byte> Shaped(ReadOnlySpan<byte> text) => _as switch
    {
        "" => text,
        "path" => PathName.From(text),
        _ => Between(text, _as),
    };

    // What stands for the * of "before*after": it has no slash in it, and ends at the first "after".
    private static ReadOnlySpan<byte> Between(ReadOnlySpan<byte> text, string pattern)
    {
        int star = pattern.IndexOf('*');
        ReadOnlySpan<byte> before = Encoding.UTF8.GetBytes(pattern[..star]), after = Encoding.UTF8.GetBytes(pattern[(star + 1)..]);
        int start = text.IndexOf(before);
        if (start < 0) return [];
        text = text[(start + before.Length)..];
        int end = text.IndexOf(after);
        return end < 0 || text[..end].Contains((byte)'/') ? [] : text[..end];
    }

    private static string Cell(string[] cells, int column) => column < cells.Length ? cells[column] : "";
}

/// <summary>Config files in sections, as of QEMU's <c>-readconfig</c>: <c>[SECTION]</c>, and lines <c>KEY = "VALUE"</c>.</summary>
internal static class ConfigFile
{
    /// <summary>The value; empty where the file has none.</summary>
    /// <param name="file">The file's bytes; null where there is none.</param>
    /// <param name="wanted">SECTION.KEY.</param>
    internal static ReadOnlySpan<byte> ValueOf(byte[]? file, ReadOnlySpan<byte> wanted)
    {
        int dot = wanted.IndexOf((byte)'.');
        ReadOnlySpan<byte> section = wanted[..dot], key = wanted[(dot + 1)..], rest = file;
        bool isIn = false;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? rest : rest[..end]).Trim(" \t\r"u8);
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (line.StartsWith("["u8)) isIn = line.Trim("[]"u8).SequenceEqual(section);
            else if (isIn && line.StartsWith(key) && line[key.Length..].TrimStart((byte)' ') is [(byte)'=', .. var value])
                return value.Trim(" \t\""u8);
        }
        return [];
    }
}
