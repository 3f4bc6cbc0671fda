using System.Globalization;

namespace Kvmscope.Core.Symbols;

/// <summary>Names of a guest's instructions, by address.</summary>
public sealed class SymbolTable
{
    private readonly ulong[] _starts, _ends;
    private readonly string[] _names;

    private SymbolTable(ulong[] starts, ulong[] ends, string[] names) => (_starts, _ends, _names) = (starts, ends, names);

    /// <summary>How many functions it names.</summary>
    public int Count => _starts.Length;

    /// <summary>
    /// The function that has the instruction, with the offset in it: <c>native_safe_halt+0xb</c>; null where none is known to have it.
    /// </summary>
    public string? NameOf(ulong address)
    {
        int at = Array.BinarySearch(_starts, address);
        if (at < 0) at = ~at - 1;
        if (at < 0 || address >= _ends[at]) return null;
        ulong offset = address - _starts[at];
        return offset == 0 ? _names[at] : string.Create(CultureInfo.InvariantCulture, $"{_names[at]}+0x{offset:x}");
    }

    /// <summary>Makes one. Of several functions with the same address, the one that is the most usual name of it stays.</summary>
    /// <param name="symbols">All symbols in any order, data too: they say where functions end.</param>
    internal static SymbolTable Of(List<Symbol> symbols)
    {
        symbols.Sort(static (a, b) =>
        {
            int order = a.Address.CompareTo(b.Address);
            if (order == 0) order = b.IsCode.CompareTo(a.IsCode);
            if (order == 0) order = a.Rank.CompareTo(b.Rank);
            return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
        });
        List<ulong> starts = [], ends = [];
        List<string> names = [];
        for (int i = 0; i < symbols.Count; i++)
        {
            Symbol symbol = symbols[i];
            if (!symbol.IsCode || (i > 0 && symbols[i - 1].Address == symbol.Address)) continue;
            ulong end = EndOf(symbols, i);
            if (end <= symbol.Address) continue;
            starts.Add(symbol.Address);
            ends.Add(end);
            names.Add(symbol.Name);
        }
        return new SymbolTable([.. starts], [.. ends], [.. names]);
    }

    // A function whose size is not known ends where the next symbol begins. Without a next one, or far from it, nothing is known.
    private static ulong EndOf(List<Symbol> symbols, int at)
    {
        const ulong longest = 1 << 16;
        Symbol symbol = symbols[at];
        int next = at + 1;
        while (next < symbols.Count && symbols[next].Address == symbol.Address) next++;
        ulong known = next < symbols.Count ? symbols[next].Address : symbol.Address;
        ulong end = symbol.Size > 0 ? symbol.Address + symbol.Size : Math.Min(known, symbol.Address + longest);
        return end < symbol.Address ? ulong.MaxValue : end;
    }
}

/// <summary>A symbol as a file has it.</summary>
/// <param name="Address">Where it begins.</param>
/// <param name="Size">How long it is; 0 where that is not known.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsCode">Whether it is a function.</param>
/// <param name="Rank">Of several names of an address the lowest is the usual one.</param>
internal readonly record struct Symbol(ulong Address, ulong Size, string Name, bool IsCode, int Rank)
{
    /// <summary>A global name before a local one before a weak one, and each before those with leading underscores.</summary>
    internal static int RankOf(string name, bool isGlobal, bool isWeak) =>
        ((isWeak ? 2 : isGlobal ? 0 : 1) * 16) + Math.Min(15, name.Length - name.TrimStart('_').Length);
}
