namespace Kvmscope.Core.Sources;

/// <summary>
/// Which keys (qualifiers, pages, instructions) have cells of their own where there are more keys than cells: those that make 1 % of their
/// reason's exits of one vCPU and level. At most 100 keys can do that at once, so a share of more cells than that always has rare ones.
/// </summary>
public static class KeyPriorities
{
    private const int Percent = 100;

    /// <summary>Whether these are at least 1 % of a reason's exits.</summary>
    public static bool IsFrequent(ulong exits, ulong ofReason) => exits > 0 && (UInt128)exits * Percent >= ofReason;

    /// <summary>
    /// Gives the cells of rare keys to frequent ones. Each waiting key takes the rarest of its own reason, where there is none one of its
    /// vCPU, and then one of another vCPU. The most frequent choose first; no key that is frequent loses its cell.
    /// </summary>
    /// <param name="held">All keys that have cells, and cells that have none.</param>
    /// <param name="waiting">Keys without a cell, with as many exits as they may have had.</param>
    public static IReadOnlyList<(HeldKey From, WaitingKey To)> Decide(IEnumerable<HeldKey> held, IEnumerable<WaitingKey> waiting)
    {
        List<WaitingKey> wanted = [.. waiting.Where(w => IsFrequent(w.Exits, w.ReasonExits)).OrderByDescending(ShareOf)];
        if (wanted.Count == 0) return [];
        List<HeldKey> rare = [.. held.Where(h => !IsFrequent(h.Exits, h.ReasonExits)).OrderBy(h => h.Exits)];
        Dictionary<int, Queue<HeldKey>> byReason = ByKey(rare, h => h.Reason), byVcpu = ByKey(rare, h => h.Vcpu);
        Queue<HeldKey> movable = new(rare.Where(h => h.CanMove));
        var taken = new HashSet<int>();
        List<(HeldKey, WaitingKey)> decided = [];
        foreach (WaitingKey key in wanted)
        {
            HeldKey? found = Take(byReason.GetValueOrDefault(key.Reason), taken) ?? Take(byVcpu.GetValueOrDefault(key.Vcpu), taken)
                ?? Take(movable, taken);
            if (found is { } from) decided.Add((from, key));
        }
        return decided;
    }

    private static double ShareOf(WaitingKey key) => key.ReasonExits == 0 ? 0 : (double)key.Exits / key.ReasonExits;

    private static Dictionary<int, Queue<HeldKey>> ByKey(List<HeldKey> keys, Func<HeldKey, int> of) =>
        keys.GroupBy(of).ToDictionary(g => g.Key, g => new Queue<HeldKey>(g));

    private static HeldKey? Take(Queue<HeldKey>? from, HashSet<int> taken)
    {
        while (from is { Count: > 0 })
        {
            HeldKey key = from.Dequeue();
            if (taken.Add(key.Cell)) return key;
        }
        return null;
    }
}

/// <summary>A key that has a cell.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Vcpu">Whose it is: a number of the vCPU's.</param>
/// <param name="Reason">The reason and level of the vCPU: a number of their own; 0 where the cell has no key.</param>
/// <param name="Exits">The key's exits in the last interval.</param>
/// <param name="ReasonExits">All exits of the reason and level in that time.</param>
/// <param name="CanMove">Whether another vCPU can have it.</param>
public readonly record struct HeldKey(int Cell, int Vcpu, int Reason, ulong Exits, ulong ReasonExits, bool CanMove);

/// <summary>A key that has no cell.</summary>
/// <param name="Id">A number of the caller's.</param>
/// <param name="Vcpu">As in <see cref="HeldKey"/>.</param>
/// <param name="Reason">As in <see cref="HeldKey"/>.</param>
/// <param name="Exits">As many exits as the key may have had in the last interval.</param>
/// <param name="ReasonExits">As in <see cref="HeldKey"/>.</param>
public readonly record struct WaitingKey(int Id, int Vcpu, int Reason, ulong Exits, ulong ReasonExits);
