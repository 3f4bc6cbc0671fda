using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Symbols;

namespace Kvmscope.Core.Output;

/// <summary>Pages and instructions of the guest as text: hexadecimal, <c>other</c>, or null where not known.</summary>
internal static class PlaceText
{
    /// <summary>The page's address.</summary>
    internal static string? Page(ReportRow row) => Qualifiers.Address(row.Place?.Page ?? default);

    /// <summary>The instruction's address.</summary>
    internal static string? Rip(ReportRow row) => Qualifiers.Address(row.Place?.Rip ?? default);

    /// <summary>The symbol of the instruction with its offset; null where no table has it.</summary>
    internal static string? Symbol(ReportRow row, SymbolTable? symbols) =>
        row.Place is { Rip: { State: QualifierState.Known } rip } ? symbols?.NameOf(rip.Raw) : null;

    /// <summary>The symbol, or where there is none the address.</summary>
    internal static string? Instruction(ReportRow row, SymbolTable? symbols) => Symbol(row, symbols) ?? Rip(row);
}
