using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tracing;

/// <summary>Keys as the BPF programs keep them: a state for each part in `states`, and the values.</summary>
internal static class CellKeys
{
    /// <summary>A part of a key.</summary>
    internal static Qualifier PartOf(uint states, int part, ulong value) => (states >> part & kvmscope_key_state.KVMSCOPE_KEY_MASK) switch
    {
        kvmscope_key_state.KVMSCOPE_KEY_KNOWN => Qualifier.Of(value),
        kvmscope_key_state.KVMSCOPE_KEY_OTHER => Qualifier.Other,
        _ => Qualifier.None,
    };

    /// <summary>Page and instruction of a key; null where it has neither.</summary>
    internal static Place? PlaceOf(uint states, ulong page, ulong rip) => Place.Of(
        PartOf(states, kvmscope_key_part.KVMSCOPE_KEY_PAGE, page), PartOf(states, kvmscope_key_part.KVMSCOPE_KEY_RIP, rip));

    /// <summary>Where a cell is found in the table of cells that the slot's index does not name.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="head">Its reason's own cell.</param>
    internal static kvmscope_extra EntryOf(ref kvmscope_cell cell, uint head) => new()
    {
        head = head | ((uint)cell.kind << kvmscope_limits.KVMSCOPE_KIND_SHIFT),
        states = cell.states,
        qualifier = cell.qualifier,
        page = cell.page,
        rip = cell.rip,
    };
}
