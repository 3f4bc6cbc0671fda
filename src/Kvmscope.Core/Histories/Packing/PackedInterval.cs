using Kvmscope.Core.Model;

namespace Kvmscope.Core.Histories.Packing;

/// <summary>
/// What an interval counted, packed: everything that grows with VMs, vCPUs and reasons, exactly. The rest, and the VMs, are in its head
/// (<see cref="HeadOf"/>).
/// <para>
/// 1000 vCPUs with 25 reasons and 12 bins each: 16 bytes per row; as objects a row has 350. Packing takes about 80 ns per row, and adding
/// them up again 300 ns, of which most makes the rows of the sum (bench/snapshot).
/// </para>
/// </summary>
internal sealed class PackedInterval(PackedBytes counters, PackedBytes? states, int rows)
{
    /// <summary>What it takes in memory.</summary>
    internal long Bytes { get; } = counters.Bytes + (states?.Bytes ?? 0) + 48;

    /// <summary>How many rows it has.</summary>
    internal int Rows => rows;

    internal PackedBytes Counters => counters;

    /// <summary>What was so at its begin and its end: sums need only those of the first and the last. Null where there is none.</summary>
    internal PackedBytes? States => states;

    /// <summary>The interval without what is packed.</summary>
    internal static Interval HeadOf(Interval interval) => interval with
    {
        Vms = [],
        Changes = [],
        TimeChanges = [],
        Vcpus = [],
        OpenBefore = [],
        OpenAfter = [],
        OpenAges = [],
        Returns = [],
        VcpuStates = [],
        Slow = [],
    };

    /// <summary>Gives its memory back; nobody reads it any more.</summary>
    internal void GiveBack(ChunkPool pool)
    {
        counters.GiveBack(pool);
        states?.GiveBack(pool);
    }
}

/// <summary>Packs intervals. Not for several threads at once.</summary>
/// <param name="pool">Has memory.</param>
internal sealed class IntervalPacker(ChunkPool pool)
{
    // An owner, a reason, two numbers and flags.
    private const int MostOfSmall = 80;

    private readonly PackWriter _to = new(pool);
    private readonly CodeTable _codes = new();
    private RowWriter? _rows;

    internal PackedInterval Pack(Interval interval)
    {
        _to.BeginItem(MostOfSmall);
        _to.Number((ulong)interval.Vcpus.Count);
        _to.Number((ulong)interval.TimeChanges.Count);
        _to.Number((ulong)interval.Returns.Count);
        _to.Number((ulong)interval.Changes.Count);
        WriteVcpus(interval.Vcpus);
        WriteTimes(interval.TimeChanges, interval.ToNs - interval.FromNs);
        WriteReturns(interval.Returns);
        RowWriter rows = _rows ??= new RowWriter(_to);
        rows.Begin();
        foreach (Row row in RowMemory.Span(interval.Changes)) rows.Write(row);
        PackedBytes counters = _to.ToPacked();
        return new PackedInterval(counters, PackStates(interval), interval.Changes.Count);
    }

    private void WriteVcpus(IReadOnlyCollection<GroupKey> vcpus)
    {
        OwnerCodec owner = default;
        foreach (GroupKey vcpu in vcpus)
        {
            _to.BeginItem(MostOfSmall);
            int flags = owner.FlagsOf(vcpu.Vm, vcpu.Vcpu);
            _to.Byte((byte)flags);
            owner.Write(_to, flags, vcpu.Vm, vcpu.Vcpu);
        }
    }

    // The wall clock of a vCPU that was there all the time is the interval's length.
    private void WriteTimes(IReadOnlyCollection<VcpuTime> times, long length)
    {
        OwnerCodec owner = default;
        foreach (VcpuTime time in times)
        {
            _to.BeginItem(MostOfSmall * 2);
            int flags = owner.FlagsOf(time.Key.Vm, time.Key.Vcpu);
            _to.Byte((byte)flags);
            owner.Write(_to, flags, time.Key.Vm, time.Key.Vcpu);
            _to.Signed((long)time.WallNs - length);
            TallyCodec.WriteParts(_to, time.Parts, isLastImplied: false);
        }
    }

    private void WriteReturns(IReadOnlyCollection<VmmReturns> returns)
    {
        OwnerCodec owner = default;
        foreach (VmmReturns row in returns)
        {
            _to.BeginItem(MostOfSmall + TallyCodec.MostBytes(row));
            int flags = owner.FlagsOf(row.Key.Vm, row.Key.Vcpu) | TallyCodec.FlagsOf(row);
            _to.Byte((byte)flags);
            owner.Write(_to, flags, row.Key.Vm, row.Key.Vcpu);
            _to.Signed(row.Key.Reason.Raw);
            TallyCodec.Write(_to, row, flags);
        }
    }

    private PackedBytes? PackStates(Interval interval)
    {
        if (interval is { OpenBefore: [], OpenAfter: [], OpenAges: [], VcpuStates: [] }) return null;
        _to.BeginItem(MostOfSmall);
        _to.Number((ulong)interval.OpenBefore.Count);
        _to.Number((ulong)interval.OpenAfter.Count);
        // One more, as 0 says that they are not known.
        _to.Number(interval.OpenAges is { } known ? (ulong)known.Count + 1 : 0);
        _to.Number((ulong)interval.VcpuStates.Count);
        _codes.Clear();
        OwnerCodec owner = default;
        foreach (OpenExits open in interval.OpenBefore) WriteOpen(ref owner, open);
        foreach (OpenExits open in interval.OpenAfter) WriteOpen(ref owner, open);
        foreach (OpenAge open in interval.OpenAges ?? [])
        {
            _to.BeginItem(MostOfSmall);
            WriteKey(ref owner, open.Key, open.IsAtLeast ? PackedFlags.IsSo : 0);
            _to.Number(open.Count);
            _to.Number(open.Ns);
        }
        foreach (VcpuState state in interval.VcpuStates)
        {
            _to.BeginItem(MostOfSmall);
            int flags = owner.FlagsOf(state.Vm, state.Vcpu) | (state.SinceNs != 0 ? PackedFlags.IsSo : 0);
            _to.Byte((byte)flags);
            owner.Write(_to, flags, state.Vm, state.Vcpu);
            _to.Byte((byte)state.Place);
            if (state.SinceNs != 0) _to.Signed(interval.ToNs - state.SinceNs);
        }
        return _to.ToPacked();
    }

    private void WriteOpen(ref OwnerCodec owner, OpenExits open)
    {
        _to.BeginItem(MostOfSmall);
        WriteKey(ref owner, open.Key, 0);
        _to.Number(open.Count);
    }

    private void WriteKey(ref OwnerCodec owner, in GroupKey key, int more)
    {
        int flags = owner.FlagsOf(key.Vm, key.Vcpu) | more;
        _to.Byte((byte)flags);
        owner.Write(_to, flags, key.Vm, key.Vcpu);
        int known = _codes.Count;
        RowWriter.WriteCode(_to, known, _codes.NumberOf(key.Code, key.Level), key.Code, key.Level);
    }
}

/// <summary>Flags of states besides the owner's.</summary>
internal static class PackedFlags
{
    internal const int IsSo = 1 << 2;
}

/// <summary>Reads packed intervals. Not for several threads at once.</summary>
internal sealed class IntervalUnpacker
{
    private readonly RowReader _rows = new();
    private readonly CodeTable _codes = new();
    private readonly ulong[] _scratch = new ulong[HistogramLayout.BinCount];

    /// <summary>Adds one to a sum.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="head">Its head.</param>
    /// <param name="vms">Its VMs.</param>
    /// <param name="counters">What was counted.</param>
    /// <param name="states">What was so at its begin and its end; null where that does not matter, or there was nothing.</param>
    internal void AddTo(IntervalSum sum, Interval head, IReadOnlyCollection<VmIdentity> vms, PackedBytes counters, PackedBytes? states)
    {
        var from = new PackReader(counters);
        Sizes sizes = Begin(ref from);
        Interval interval = head with { Vms = vms };
        sum.Add(states is null ? interval : ReadStates(states, interval));
        OwnerCodec owner = default;
        for (int i = 0; i < sizes.Vcpus; i++) sum.AddVcpu(ReadVcpu(ref from, ref owner));
        owner = default;
        for (int i = 0; i < sizes.Times; i++) sum.Add(ReadTime(ref from, ref owner, head.ToNs - head.FromNs));
        owner = default;
        for (int i = 0; i < sizes.Returns; i++) sum.Add(ReadReturns(ref from, ref owner));
        _rows.Begin();
        for (int i = 0; i < sizes.Rows; i++) sum.Add(_rows.Read(ref from));
    }

    /// <summary>Makes the interval again.</summary>
    internal Interval Unpack(Interval head, IReadOnlyCollection<VmIdentity> vms, PackedInterval packed)
    {
        var from = new PackReader(packed.Counters);
        Sizes sizes = Begin(ref from);
        var vcpus = new GroupKey[sizes.Vcpus];
        var times = new VcpuTime[sizes.Times];
        var returns = new VmmReturns[sizes.Returns];
        var rows = new Row[sizes.Rows];
        OwnerCodec owner = default;
        for (int i = 0; i < vcpus.Length; i++) vcpus[i] = ReadVcpu(ref from, ref owner);
        owner = default;
        for (int i = 0; i < times.Length; i++) times[i] = ReadTime(ref from, ref owner, head.ToNs - head.FromNs);
        owner = default;
        for (int i = 0; i < returns.Length; i++) returns[i] = ReadReturns(ref from, ref owner);
        _rows.Begin();
        for (int i = 0; i < rows.Length; i++)
        {
            Row row = _rows.Read(ref from);
            (rows[i] = new Row(row.Key)).Add(row);
        }
        Interval interval = head with { Vms = vms, Vcpus = vcpus, TimeChanges = times, Returns = returns, Changes = rows };
        return packed.States is { } states ? ReadStates(states, interval) : interval;
    }

    private readonly record struct Sizes(int Vcpus, int Times, int Returns, int Rows);

    private static Sizes Begin(ref PackReader from)
    {
        from.BeginItem();
        return new Sizes((int)from.Number(), (int)from.Number(), (int)from.Number(), (int)from.Number());
    }

    private static GroupKey ReadVcpu(ref PackReader from, ref OwnerCodec owner)
    {
        from.BeginItem();
        owner.Read(ref from, from.Byte());
        return GroupKey.OfVcpu(owner.Vm, owner.Vcpu);
    }

    private static VcpuTime ReadTime(ref PackReader from, ref OwnerCodec owner, long length)
    {
        from.BeginItem();
        owner.Read(ref from, from.Byte());
        ulong wall = (ulong)(from.Signed() + length);
        return new VcpuTime(GroupKey.OfVcpu(owner.Vm, owner.Vcpu), wall, TallyCodec.ReadParts(ref from, null));
    }

    private VmmReturns ReadReturns(ref PackReader from, ref OwnerCodec owner)
    {
        from.BeginItem();
        int flags = from.Byte();
        owner.Read(ref from, flags);
        var returns = new VmmReturns(new ReturnKey(owner.Vm, owner.Vcpu, new((int)from.Signed())));
        TallyCodec.Read(ref from, returns, flags, _scratch);
        return returns;
    }

    private Interval ReadStates(PackedBytes states, Interval interval)
    {
        var from = new PackReader(states);
        from.BeginItem();
        var before = new OpenExits[(int)from.Number()];
        var after = new OpenExits[(int)from.Number()];
        int known = (int)from.Number();
        OpenAge[]? ages = known == 0 ? null : new OpenAge[known - 1];
        var places = new VcpuState[(int)from.Number()];
        _codes.Clear();
        OwnerCodec owner = default;
        ReadOpen(ref from, ref owner, before);
        ReadOpen(ref from, ref owner, after);
        for (int i = 0; i < known - 1; i++)
        {
            from.BeginItem();
            GroupKey key = ReadKey(ref from, ref owner, out bool isAtLeast);
            ulong count = from.Number();
            ages![i] = new OpenAge(key, count, from.Number(), isAtLeast);
        }
        for (int i = 0; i < places.Length; i++)
        {
            from.BeginItem();
            int flags = from.Byte();
            owner.Read(ref from, flags);
            var place = (VcpuPlace)from.Byte();
            long since = (flags & PackedFlags.IsSo) != 0 ? interval.ToNs - from.Signed() : 0;
            places[i] = new VcpuState(owner.Vm, owner.Vcpu, place, since);
        }
        return interval with { OpenBefore = before, OpenAfter = after, OpenAges = ages, VcpuStates = places };
    }

    private void ReadOpen(ref PackReader from, ref OwnerCodec owner, OpenExits[] open)
    {
        for (int i = 0; i < open.Length; i++)
        {
            from.BeginItem();
            GroupKey key = ReadKey(ref from, ref owner, out _);
            open[i] = new OpenExits(key, from.Number());
        }
    }

    private GroupKey ReadKey(ref PackReader from, ref OwnerCodec owner, out bool isSo)
    {
        int flags = from.Byte();
        owner.Read(ref from, flags);
        (var code, var level) = _codes[RowWriter.ReadCode(ref from, _codes)];
        isSo = (flags & PackedFlags.IsSo) != 0;
        return new GroupKey(owner.Vm, owner.Vcpu, code, level);
    }
}
