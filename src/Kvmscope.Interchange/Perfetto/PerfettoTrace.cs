using System.Globalization;
using Google.Protobuf;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Recordings;
using Kvmscope.Interchange.Perfetto.Protocol;

namespace Kvmscope.Interchange.Perfetto;

/// <summary>
/// Writes recordings of one boot as a trace of Perfetto: tracks of VMs and vCPUs with counters, and slow exits as slices. Times are
/// CLOCK_MONOTONIC, and its relation to CLOCK_BOOTTIME and the wall clock is in the trace, so other traces of the boot fit to it.
/// </summary>
/// <param name="to">Takes the bytes.</param>
public sealed class PerfettoTrace(Stream to) : IDisposable
{
    private const uint Sequence = 1;
    private const double Quantile = 0.99;

    private readonly CodedOutputStream _output = new(to, leaveOpen: true);
    private readonly PerfettoNames _names = new();
    private readonly Dictionary<GroupKey, Track> _tracks = [];
    private readonly Dictionary<ulong, double> _last = [];
    private string _root = "";
    private bool _hasBegun;
    private long? _end;

    /// <summary>How many counter values and slices it has.</summary>
    public long Events { get; private set; }

    // What was counted of a VM or vCPU in an interval.
    private sealed class Sums : Tally
    {
        internal ulong All { get; set; }
    }

    private sealed record Track(ulong Uuid, string Path)
    {
        internal Dictionary<string, ulong> Counters { get; } = [];
    }

    /// <summary>Begins the trace.</summary>
    /// <param name="header">Of the first recording.</param>
    public void Begin(RecordingHeader header)
    {
        _root = $"{header.Host}/{header.BootId}";
        var clocks = new ClockSnapshot { PrimaryTraceClock = BuiltinClock.Monotonic };
        Add(BuiltinClock.Monotonic, header.MonotonicNs);
        Add(BuiltinClock.Realtime, (header.Started - DateTimeOffset.UnixEpoch).Ticks * 100);
        if (header.BootNs is { } boot) Add(BuiltinClock.Boottime, boot);
        Write(new TracePacket { ClockSnapshot = clocks });

        void Add(BuiltinClock clock, long ns) =>
            clocks.Clocks.Add(new ClockSnapshot.Types.Clock { ClockId = (uint)clock, Timestamp = (ulong)Math.Max(0, ns) });
    }

    /// <summary>Adds an interval: the counters of its VMs and vCPUs, from its begin on.</summary>
    public void Add(Interval interval)
    {
        if (_end is { } end && interval.FromNs > end) AddGap(end, interval.FromNs);
        _end = interval.ToNs;
        Dictionary<GroupKey, Sums> sums = SumsOf(interval);
        foreach ((GroupKey key, Sums sum) in sums.OrderBy(s => s.Key.Vm).ThenBy(s => s.Key.Vcpu))
        {
            Track track = TrackOf(interval.VmOf(key), key);
            double rate = interval.Seconds > 0 ? sum.All / interval.Seconds : 0;
            Count(track, "exits/s", CounterDescriptor.Types.Unit.Unspecified, "exits/s", interval.FromNs, rate);
            // No exit that ended has no 99th percentile: the counter must not go on with the one before.
            Count(track, "p99 of busy exits", CounterDescriptor.Types.Unit.TimeNs, null, interval.FromNs, sum.Quantile(Quantile) ?? 0);
        }
        foreach (Grouping grouping in new[] { Grouping.Vm, Grouping.Vcpu })
            foreach (WallRow wall in WallClockBuilder.Build(interval, grouping))
                if (wall.Vm is { } vm) AddParts(interval, wall, TrackOf(vm, GroupKey.OfVcpu(vm.Ordinal, wall.Vcpu ?? GroupKey.None)));
    }

    /// <summary>Adds a slow exit.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="ns">CLOCK_MONOTONIC when it ended, ns.</param>
    public void Add(in SlowExit exit, long ns)
    {
        Track track = TrackOf(exit.Vm, GroupKey.OfVcpu(exit.Vm.Ordinal, exit.Vcpu));
        var begin = new TrackEvent { Type = TrackEvent.Types.Type.SliceBegin, TrackUuid = track.Uuid };
        begin.CategoryIids.Add(_names.Category("slow exit"));
        begin.NameIid = _names.Event(ExitReasons.Name(exit.Code));
        PerfettoArguments.Add(begin, exit, _names);
        Write(begin, ns - (long)Math.Min(exit.DurationNs, long.MaxValue));
        Write(new TrackEvent { Type = TrackEvent.Types.Type.SliceEnd, TrackUuid = track.Uuid }, ns);
        Events++;
    }

    /// <summary>Ends the trace.</summary>
    public void End()
    {
        // The last values are those of all of the last interval.
        if (_end is { } end)
            foreach (Track track in _tracks.Values)
                foreach (ulong counter in track.Counters.Values) Write(Counter(counter, _last[counter]), end);
        _output.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    private static Dictionary<GroupKey, Sums> SumsOf(Interval interval)
    {
        var sums = new Dictionary<GroupKey, Sums>();
        foreach (GroupKey vcpu in interval.Vcpus) Of(vcpu);
        foreach (Row row in interval.Rows)
        {
            Add(Of(row.Key.At(Grouping.Vm)), row);
            if (row.Key.VcpuId is not null) Add(Of(row.Key), row);
        }
        return sums;

        Sums Of(GroupKey key)
        {
            key = GroupKey.OfVcpu(key.Vm, key.Vcpu);
            if (!sums.TryGetValue(key, out Sums? sum)) sums.Add(key, sum = new Sums());
            return sum;
        }

        static void Add(Sums sum, Row row)
        {
            sum.All += row.Count;
            if (!Idleness.IsIdle(row.Key)) sum.Add(row);
        }
    }

    private void AddParts(Interval interval, WallRow wall, Track track)
    {
        foreach ((TimePart part, string name) in JsonParts.All)
        {
            if (wall.WallNs == 0 || interval.Missing.Any(missing => missing.Part == part)) continue;
            Count(track, name, CounterDescriptor.Types.Unit.Unspecified, "%", interval.FromNs, 100.0 * wall.Parts[part] / wall.WallNs);
        }
    }

    private void AddGap(long from, long until)
    {
        Track track = TrackOf(null, GroupKey.OfVcpu(GroupKey.None, GroupKey.None));
        ulong name = _names.Event("nothing was recorded");
        Write(new TrackEvent { Type = TrackEvent.Types.Type.SliceBegin, TrackUuid = track.Uuid, NameIid = name }, from);
        Write(new TrackEvent { Type = TrackEvent.Types.Type.SliceEnd, TrackUuid = track.Uuid }, until);
    }

    private void Count(Track track, string name, CounterDescriptor.Types.Unit unit, string? unitName, long ns, double value)
    {
        if (!track.Counters.TryGetValue(name, out ulong uuid))
        {
            track.Counters.Add(name, uuid = UuidOf($"{track.Path}/{name}"));
            var counter = new CounterDescriptor { Unit = unit };
            if (unitName is not null) counter.UnitName = unitName;
            Describe(new TrackDescriptor { Uuid = uuid, ParentUuid = track.Uuid, Name = name, Counter = counter });
        }
        _last[uuid] = value;
        Write(Counter(uuid, value), ns);
        Events++;
    }

    private static TrackEvent Counter(ulong uuid, double value) =>
        new() { Type = TrackEvent.Types.Type.Counter, TrackUuid = uuid, DoubleCounterValue = value };

    private Track TrackOf(VmIdentity? vm, GroupKey key)
    {
        if (_tracks.TryGetValue(key, out Track? track)) return track;
        Track? parent = key.VcpuId is null ? null : TrackOf(vm, key with { Vcpu = GroupKey.None });
        string name = key.VcpuId is { } vcpu ? string.Create(CultureInfo.InvariantCulture, $"vCPU {vcpu}")
            : vm is null ? "kvmscope"
            : vm.OnlyPid is { } pid ? string.Create(CultureInfo.InvariantCulture, $"VM {ForeignText.Clean(vm.Name)} ({pid})")
            : $"VM {ForeignText.Clean(vm.Name)}";
        string path = string.Create(CultureInfo.InvariantCulture, $"{_root}/{key.Vm}/{vm?.Name}/{key.Vcpu}");
        track = new Track(UuidOf(path), path);
        var descriptor = new TrackDescriptor { Uuid = track.Uuid, Name = name };
        if (parent is not null) descriptor.ParentUuid = parent.Uuid;
        Describe(descriptor);
        _tracks.Add(key, track);
        return track;
    }

    // FNV-1a: the same in each export, and unlike the ids of others.
    private static ulong UuidOf(string path)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (char c in "kvmscope/" + path) hash = unchecked((hash ^ c) * 0x100000001b3);
        return hash;
    }

    private void Describe(TrackDescriptor track) => Write(new TracePacket { TrackDescriptor = track });

    private void Write(TrackEvent what, long ns) => Write(new TracePacket { TrackEvent = what, Timestamp = (ulong)Math.Max(0, ns) });

    private void Write(TracePacket packet)
    {
        packet.TrustedPacketSequenceId = Sequence;
        if (_hasBegun)
        {
            packet.SequenceFlags = (uint)TracePacket.Types.SequenceFlags.SeqNeedsIncrementalState;
        }
        else
        {
            packet.SequenceFlags = (uint)TracePacket.Types.SequenceFlags.SeqIncrementalStateCleared;
            packet.TracePacketDefaults = new TracePacketDefaults { TimestampClockId = (uint)BuiltinClock.Monotonic };
        }
        _hasBegun = true;
        packet.InternedData = _names.TakeNew();
        _output.WriteTag(Trace.PacketFieldNumber, WireFormat.WireType.LengthDelimited);
        _output.WriteMessage(packet);
    }
}
