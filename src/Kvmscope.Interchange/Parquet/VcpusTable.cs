using System.Runtime.InteropServices;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Interchange.Parquet;

/// <summary>
/// Wall clocks: one row an interval and vCPU, with where it went, exits included. The parts of a row add up to its wall clock, as what is
/// in no other part is unattributed; like all parts they may be negative in one interval.
/// </summary>
public sealed class VcpusTable : SharedColumns
{
    private readonly HostColumns _host;
    private readonly TimeColumns _time;
    private readonly VmColumns _vm;
    private readonly ValueColumn<long> _wall;
    private readonly PartColumns _parts;
    private readonly Dictionary<GroupKey, (ulong WallNs, TimeParts Parts)> _clocks = [];

    /// <summary>Makes an empty one.</summary>
    public VcpusTable()
    {
        (_host, _time, _vm) = (new(this), new(this), new(this));
        _wall = Long("wall_ns");
        _parts = new PartColumns(this, withGuest: true);
    }

    /// <inheritdoc/>
    public override string Name => "vcpus";

    /// <inheritdoc/>
    public override void Add(RecordingHeader header, Interval interval)
    {
        foreach (VcpuTime time in interval.TimeChanges) Add(time.Key, time.WallNs, time.Parts);
        // Without wall clocks the parts of exits say nothing about the rest.
        if (_clocks.Count == 0) return;
        foreach (Row row in interval.Changes)
            if (row.Parts is { } parts) Add(GroupKey.OfVcpu(row.Key.Vm, row.Key.Vcpu), 0, parts);
        foreach ((GroupKey key, (ulong wall, TimeParts parts)) in _clocks)
        {
            TimeParts whole = parts;
            unchecked
            {
                whole[TimePart.Unattributed] = wall - (parts.Sum - parts[TimePart.Unattributed]);
            }
            _host.Add(header);
            _time.Add(interval);
            _vm.Add(interval.VmOf(key), key.VcpuId);
            _wall.Add((long)wall);
            _parts.Add(whole, interval.Missing);
            EndRow();
        }
        _clocks.Clear();
    }

    private void Add(GroupKey key, ulong wallNs, TimeParts parts)
    {
        ref (ulong WallNs, TimeParts Parts) clock = ref CollectionsMarshal.GetValueRefOrAddDefault(_clocks, key, out _);
        parts.Add(clock.Parts);
        clock = (unchecked(clock.WallNs + wallNs), parts);
    }
}
