using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories.Packing;

/// <summary>
/// Packs rows, one after the other, in the order in which they come. Each is written as what differs from the one before: where rows are
/// in the order of vCPUs and reasons, as a trace gives them, a key takes little more than the byte with the flags.
/// </summary>
/// <param name="to">Where to.</param>
internal sealed class RowWriter(PackWriter to)
{
    /// <summary>Flags of a key, besides the owner's.</summary>
    internal const int ExpectedCode = 1 << 2, HasParts = 1 << 3;

    // Flags, a VM and a vCPU, a new reason, and three parts.
    private const int MostOfKey = 80;

    private readonly CodeTable _codes = new();
    private OwnerCodec _owner;
    private PartCodec _parts;

    /// <summary>Begins anew.</summary>
    internal void Begin()
    {
        _codes.Clear();
        (_owner, _parts) = (default, default);
    }

    internal void Write(Row row)
    {
        to.BeginItem(MostOfKey + TallyCodec.MostBytes(row));
        GroupKey key = row.Key;
        int known = _codes.Count, number = _codes.NumberOf(key.Code, key.Level);
        bool isExpected = number == _codes.Expected && number < known, hasParts = PartCodec.HasAny(key);
        int flags = _owner.FlagsOf(key.Vm, key.Vcpu) | TallyCodec.FlagsOf(row);
        if (isExpected) flags |= ExpectedCode;
        if (hasParts) flags |= HasParts;
        to.Byte((byte)flags);
        _owner.Write(to, flags, key.Vm, key.Vcpu);
        if (!isExpected) WriteCode(to, known, number, key.Code, key.Level);
        _codes.Follow(number);
        if (hasParts) _parts.Write(to, key);
        TallyCodec.Write(to, row, flags);
    }

    /// <summary>A reason by its number, with what it is where that is new.</summary>
    internal static void WriteCode(PackWriter to, int known, int number, ExitCode code, ExitLevel level)
    {
        to.Number((ulong)number);
        if (number < known) return;
        to.Byte((byte)code.Isa);
        to.Byte((byte)level);
        to.Number(code.Code);
    }

    /// <summary>Reads a reason into a table.</summary>
    internal static int ReadCode(ref PackReader from, CodeTable codes)
    {
        int number = (int)from.Number();
        if (number < codes.Count) return number;
        var isa = (Isa)from.Byte();
        var level = (ExitLevel)from.Byte();
        codes.Define(new ExitCode(isa, from.Number()), level);
        return number;
    }
}

/// <summary>Reads rows; the object is used again for each.</summary>
internal sealed class RowReader
{
    private readonly CodeTable _codes = new();
    private readonly Row _row = new(default);
    private readonly ulong[] _scratch = new ulong[HistogramLayout.BinCount];
    private OwnerCodec _owner;
    private PartCodec _parts;

    /// <summary>Begins anew.</summary>
    internal void Begin()
    {
        _codes.Clear();
        (_owner, _parts) = (default, default);
    }

    internal Row Read(ref PackReader from)
    {
        from.BeginItem();
        int flags = from.Byte();
        _owner.Read(ref from, flags);
        int number = (flags & RowWriter.ExpectedCode) != 0 ? _codes.Expected : RowWriter.ReadCode(ref from, _codes);
        _codes.Follow(number);
        (ExitCode code, ExitLevel level) = _codes[number];
        var key = new GroupKey(_owner.Vm, _owner.Vcpu, code, level);
        if ((flags & RowWriter.HasParts) != 0) key = _parts.Read(ref from, key);
        _row.Clear();
        _row.Key = key;
        TallyCodec.Read(ref from, _row, flags, _scratch);
        return _row;
    }
}
