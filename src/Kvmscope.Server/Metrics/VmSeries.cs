using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>All series of one VM, or of the VMs of one name that came one after the other.</summary>
/// <param name="options">How many there are.</param>
/// <param name="measured">Which there are.</param>
/// <param name="label">The VM's label; empty where VMs are together.</param>
/// <param name="created">Since when they count.</param>
internal sealed class VmSeries(MetricsOptions options, MeasuredKinds measured, string label, DateTimeOffset created)
{
    private readonly ReasonPlaces<ExitCode> _reasons = new(options.Reasons);
    private readonly ReasonPlaces<VmmReason> _kinds = new(options.Reasons);
    private readonly List<ReasonSeries> _ofReason = [new ReasonSeries(label, SeriesText.Other)];
    private readonly List<Series?> _ofKind = [null];
    private readonly Dictionary<int, PartClock> _clocks = [];
    private readonly List<Row> _undecidedRows = [];
    private readonly List<OpenExits> _undecidedOpen = [];
    private readonly List<VmmReturns> _undecidedReturns = [];
    private readonly SeriesLabels _labels = new(("vm", label));
    private VmIdentity? _identity;

    /// <summary>The VM's label.</summary>
    internal string Label => label;

    /// <summary>Since when it counts.</summary>
    internal DateTimeOffset Created => created;

    /// <summary>The labels of series of which there is one per VM.</summary>
    internal SeriesLabels Labels => _labels;

    /// <summary>The interval in which it was last seen, by the model's count.</summary>
    internal long Reading { get; set; }

    /// <summary>The number of its VM, or of the last that it had.</summary>
    internal int Ordinal { get; set; }

    /// <summary>Whether its VM is there.</summary>
    internal bool IsAlive { get; set; }

    /// <summary>When its VM ended, as the clock's timestamp.</summary>
    internal long EndedAt { get; set; }

    /// <summary>Handling times of busy exits.</summary>
    internal Histogram Bins { get; } = new();

    /// <summary>Their sum, ns.</summary>
    internal ulong BusyNs { get; private set; }

    /// <summary>Slow exits.</summary>
    internal Series Slow { get; } = new(new SeriesLabels(("vm", label)), created);

    /// <summary>What is known of the VM; null where VMs are together.</summary>
    internal SeriesLabels? Info { get; private set; }

    /// <summary>Exits by reason; the first is of all that have no series of their own.</summary>
    internal IReadOnlyList<ReasonSeries> Reasons => _ofReason;

    /// <summary>Returns by kind; there is none for what did not come.</summary>
    internal IReadOnlyList<Series?> Returns => _ofKind;

    /// <summary>Wall clocks; by vCPU where asked for.</summary>
    internal IEnumerable<PartClock> Clocks => _clocks.Values;

    /// <summary>The VM whose series these are now.</summary>
    internal void Identify(VmIdentity vm)
    {
        if (vm == _identity) return;
        _identity = vm;
        if (label.Length == 0) return;
        Info = new SeriesLabels(("vm", label), ("uuid", vm.Labels.Uuid), ("vmm", vm.Labels.Vmm),
            ("pid", vm.OnlyPid?.ToString(CultureInfo.InvariantCulture)), ("namespace", vm.Labels.Namespace), ("pod", vm.Labels.Pod));
    }

    /// <summary>Adds exits of an interval.</summary>
    internal void Add(Row row, DateTimeOffset now)
    {
        bool isIdle = Idleness.IsIdle(row.Key);
        int place = _reasons.Find(row.Key.Code, row.Count, isIdle ? 0 : row.TotalNs);
        if (place == ReasonPlaces<ExitCode>.Undecided) _undecidedRows.Add(row);
        else Add(place, row, now);
        if (measured.Split && row.Parts is { } parts) ClockOf(row.Key.Vcpu, now).Add(parts);
        if (!measured.Times || !row.HasBins || isIdle) return;
        Bins.Add(row.Bins);
        BusyNs = Series.Sum(BusyNs, row.TotalNs);
    }

    /// <summary>Adds to the wall clock what is in no exit.</summary>
    internal void Add(in VcpuTime time, DateTimeOffset now) => ClockOf(time.Key.Vcpu, now).Add(time.Parts);

    /// <summary>Adds returns to the VMM.</summary>
    internal void Add(VmmReturns returns, DateTimeOffset now)
    {
        int place = _kinds.Find(returns.Key.Reason, returns.Count, 0);
        if (place == ReasonPlaces<VmmReason>.Undecided) _undecidedReturns.Add(returns);
        else Add(place, returns, now);
    }

    /// <summary>Exits that are open and in no row.</summary>
    /// <param name="open">The exits.</param>
    /// <param name="now">When.</param>
    /// <param name="opened">Gets the series in which they are.</param>
    internal void AddOpen(OpenExits open, DateTimeOffset now, List<Series> opened)
    {
        int place = _reasons.Find(open.Key.Code, open.Count, 0);
        if (place == ReasonPlaces<ExitCode>.Undecided) _undecidedOpen.Add(open);
        else Open(place, open, now, opened);
    }

    /// <summary>Exits that were counted before this interval and come in one of the next.</summary>
    internal void LeaveOut(OpenExits before, DateTimeOffset now) =>
        SeriesOf(_reasons.PlaceOf(before.Key.Code), before.Key, now).Number.LeaveOut(before.Count);

    /// <summary>Decides which reasons have series of their own from now on, and adds what waited for that.</summary>
    internal void Settle(DateTimeOffset now, List<Series> opened)
    {
        _reasons.Settle();
        while (_ofReason.Count < _reasons.Count) _ofReason.Add(null!);
        foreach (Row row in _undecidedRows) Add(_reasons.PlaceOf(row.Key.Code), row, now);
        foreach (OpenExits open in _undecidedOpen) Open(_reasons.PlaceOf(open.Key.Code), open, now, opened);
        _undecidedRows.Clear();
        _undecidedOpen.Clear();
        _kinds.Settle();
        while (_ofKind.Count < _kinds.Count) _ofKind.Add(null);
        foreach (VmmReturns returns in _undecidedReturns) Add(_kinds.PlaceOf(returns.Key.Reason), returns, now);
        _undecidedReturns.Clear();
        foreach (PartClock clock in _clocks.Values) clock.Settle();
    }

    private void Add(int place, Row row, DateTimeOffset now)
    {
        ExitSeries series = SeriesOf(place, row.Key, now);
        series.Number.Add(row.Count);
        series.HandlingNs.Add(row.TotalNs);
        if (!measured.Nested || row.Key.Level != ExitLevel.L2) return;
        NestedSeries nested = _ofReason[place].OfNested(now);
        nested.Ended.Add(row.Timed);
        if (row.Rounds is not { } rounds) return;
        nested.Reflected.Add(rounds.Reflected);
        nested.RoundNs.Add(rounds.TotalNs);
    }

    private void Add(int place, VmmReturns returns, DateTimeOffset now)
    {
        string name = place == ReasonPlaces<VmmReason>.Other ? SeriesText.Other : returns.Key.Reason.Name;
        Series series = _ofKind[place] ??= new Series(new SeriesLabels(("vm", label), ("reason", name)), now);
        series.Add(returns.Count);
    }

    private void Open(int place, OpenExits open, DateTimeOffset now, List<Series> opened)
    {
        Series series = SeriesOf(place, open.Key, now).Number;
        series.Open = Series.Sum(series.Open, open.Count);
        opened.Add(series);
    }

    // A series of its own is made when the reason first comes, so with its name at hand.
    private ExitSeries SeriesOf(int place, GroupKey key, DateTimeOffset now)
    {
        ReasonSeries of = _ofReason[place] ??= new ReasonSeries(label, ExitReasons.Name(key.Code));
        return of.Of(key.Level, options.Vcpus ? key.Vcpu : GroupKey.None, now);
    }

    private PartClock ClockOf(int vcpu, DateTimeOffset now)
    {
        if (!options.Vcpus) vcpu = GroupKey.None;
        if (_clocks.TryGetValue(vcpu, out PartClock? clock)) return clock;
        _clocks.Add(vcpu, clock = new PartClock(now));
        foreach (PartNames.PartInfo part in PartNames.All)
            clock.Labels[(int)part.Part] = new SeriesLabels(("vm", label), ("vcpu", SeriesText.Vcpu(vcpu)), ("part", part.Name));
        return clock;
    }
}
