using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>A random trace: counters of some VMs that only grow, VMs that come, and parts of the wall clock that are corrected.</summary>
internal sealed class RandomTrace(int seed)
{
    private const long StepNs = 1_000_000_000;

    private readonly Random _random = new(seed);
    private readonly List<Row> _rows = [];
    private readonly List<VcpuTime> _times = [];
    private readonly List<VmIdentity> _vms = [];
    private readonly List<OpenExits> _open = [];
    private Accounting _accounting = new();

    internal static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.FromHours(1));
    internal const long StartNs = 77_000_000_123;

    /// <summary>Snapshots at the ends of <paramref name="count"/> intervals.</summary>
    internal List<Snapshot> Snapshots(int count)
    {
        var snapshots = new List<Snapshot>();
        for (int i = 1; i <= count; i++)
        {
            if (_vms.Count == 0 || _random.Next(5) == 0) AddVm();
            for (int moves = _random.Next(4); moves > 0; moves--) AddRow();
            foreach (Row row in _rows)
            {
                row.MaxNs = 0;
                if (_random.Next(3) > 0) Grow(row);
            }
            MoveOpen();
            for (int t = 0; t < _times.Count; t++) _times[t] = Grow(_times[t]);
            _accounting = _accounting with
            {
                Exits = (ulong)_rows.Sum(r => (long)r.Count),
                Entries = (ulong)_rows.Sum(r => (long)r.Timed),
                Open = (ulong)_random.Next(3),
                LostEvents = _accounting.LostEvents + (ulong)_random.Next(2),
            };
            long ns = StartNs + (i * StepNs) + _random.Next(1000);
            snapshots.Add(new Snapshot(Start.AddTicks((ns - StartNs) / 100), ns, [.. _rows.Select(Copy)], _accounting)
            { Times = [.. _times], OpenExits = [.. _open], Vms = [.. _vms] });
        }
        return snapshots;
    }

    private void AddVm()
    {
        // Some have the name or the pid of an earlier VM.
        var vm = new VmIdentity(_vms.Count, 4000 + _random.Next(3), $"vm \"{_random.Next(3)}\", ü")
        {
            Labels = _vms.Count % 2 == 0
                ? VmLabels.None
                : new VmLabels { Uuid = $"u{_vms.Count}", Vmid = "7", Namespace = "n\u001b", Pod = "p" },
        };
        _vms.Add(vm);
        _times.Add(new VcpuTime(Keys.Of(vm, 0), 0, default));
    }

    private void AddRow()
    {
        VmIdentity vm = _vms[_random.Next(_vms.Count)];
        ulong[] codes = [0x72, 0x7b, 0x7c, 0x78, 0x400, 0x8f1];
        int vcpu = _random.Next(2);
        var code = new ExitCode(Isa.Svm, codes[_random.Next(codes.Length)]);
        ExitLevel level = _random.Next(2) == 0 ? ExitLevel.L1 : ExitLevel.L2;
        Qualifier qualifier = _random.Next(3) switch
        {
            0 => Qualifier.None,
            1 => Qualifier.Other,
            _ => Qualifier.Of((ulong)_random.NextInt64() | (1UL << 63)),
        };
        Place? place = _random.Next(3) switch
        {
            0 => null,
            1 => Place.Of(Address(), Address()),
            _ => Place.Of(Address(), default),
        };
        var row = new Row(Keys.Of(code, level, vm, vcpu, qualifier) with { Place = place }) { Parts = default(TimeParts) };
        if (!_rows.Any(r => r.Key == row.Key)) _rows.Add(row);
    }

    private Qualifier Address() => _random.Next(4) switch
    {
        0 => Qualifier.None,
        1 => Qualifier.Other,
        2 => Qualifier.Of(0),
        _ => Qualifier.Of((ulong)_random.NextInt64() | (1UL << 63)),
    };

    // Exits that began and are in no row until they end; a vCPU has one at most.
    private void MoveOpen()
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (_random.Next(2) == 0) continue;
            OpenExits ended = _open[i];
            _open.RemoveAt(i);
            Grow(_rows.First(r => r.Key.WithoutQualifier() == ended.Key));
        }
        for (int begins = Math.Min(_rows.Count, _random.Next(3)); begins > 0; begins--)
        {
            GroupKey key = _rows[_random.Next(_rows.Count)].Key.WithoutQualifier();
            if (!_open.Any(o => (o.Key.Vm, o.Key.Vcpu) == (key.Vm, key.Vcpu))) _open.Add(new OpenExits(key, 1));
        }
    }

    private void Grow(Row row)
    {
        for (int n = _random.Next(1, 20); n > 0; n--)
        {
            row.Count++;
            if (_random.Next(10) == 0) continue;
            ulong ns = (ulong)_random.NextInt64(1L << _random.Next(5, 42));
            row.Timed++;
            row.TotalNs += ns;
            row.MaxNs = Math.Max(row.MaxNs, ns);
            row.Bins.Add(HistogramLayout.BinOf(ns), 1);
        }
        TimeParts parts = row.Parts!.Value;
        TimePart from = (TimePart)_random.Next(1, 8), to = (TimePart)_random.Next(1, 8);
        // Time moves from one part to another.
        ulong moved = parts[from] / 3;
        parts[from] -= moved;
        parts[to] += moved + (ulong)_random.Next(100_000);
        row.Parts = parts;
        if (row.Key.Level != ExitLevel.L2) return;
        ReflectedRounds rounds = row.Rounds ??= new ReflectedRounds();
        rounds.Reflected += 2;
        rounds.Timed++;
        rounds.TotalNs += 5000;
        rounds.HandlingNs += 3000;
        rounds.L1Exits += 7;
        rounds.MaxNs = 5000;
        rounds.Bins.Add(HistogramLayout.BinOf(5000), 1);
    }

    private VcpuTime Grow(VcpuTime time)
    {
        TimeParts parts = time.Parts;
        parts[TimePart.Guest] += (ulong)_random.Next(1_000_000);
        ulong unsure = parts[TimePart.Unattributed] / 2;
        parts[TimePart.Unattributed] -= unsure;
        parts[TimePart.Runq] += unsure + (ulong)_random.Next(1000);
        return time with { WallNs = time.WallNs + StepNs, Parts = parts };
    }

    private static Row Copy(Row row)
    {
        var copy = new Row(row.Key);
        copy.Add(row);
        return copy;
    }
}
