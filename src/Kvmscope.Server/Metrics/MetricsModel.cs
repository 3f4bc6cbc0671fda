using System.Globalization;
using System.Runtime.InteropServices;
using Kvmscope.Core.Model;

namespace Kvmscope.Server.Metrics;

/// <summary>
/// The series of a trace as cumulative sums of its intervals. Their number is bounded (<see cref="MetricsOptions"/>), what was not measured
/// has none (<see cref="MeasuredKinds"/>), and none falls while it lives. One thread adds intervals, others read meanwhile: a reader copies
/// the numbers and writes them afterwards, so neither waits for long.
/// </summary>
/// <param name="options">How many there are, and how long.</param>
/// <param name="measured">What the trace measures.</param>
/// <param name="clock">The time.</param>
internal sealed class MetricsModel(MetricsOptions options, MeasuredKinds measured, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, VmSeries> _byLabel = [];
    private readonly Dictionary<int, VmSeries> _byOrdinal = [];
    private readonly List<VmSeries> _all = [];
    private readonly List<Series> _opened = [];
    private readonly HashSet<TimePart> _missing = [];
    private readonly SeriesLabels _build = new(("version", options.Version));
    private readonly Series _observed = new(SeriesLabels.None, clock.GetUtcNow());
    private readonly (LossCounter Counter, Series Series)[] _losses = [.. Accounting.LossCounters.Where(l => IsMeasured(l, measured))
        .Select(l => (l, new Series(new SeriesLabels(("kind", l.Name)), clock.GetUtcNow())))];

    private DateTimeOffset _since = clock.GetUtcNow();
    private long _reading;
    private int _ended;

    /// <summary>What became of batches for an OTLP receiver; null where there is none.</summary>
    internal OtlpCounts? Otlp { get; set; }

    /// <summary>Adds the next interval.</summary>
    internal void Add(Interval interval)
    {
        lock (_lock)
        {
            _reading++;
            _observed.Add((ulong)Math.Max(0, interval.ObservedNs ?? interval.ToNs - interval.FromNs));
            foreach ((LossCounter counter, Series series) in _losses) series.Add(counter.Of(interval.Accounting));
            foreach (MissingSource missing in interval.Missing)
                if (missing.Part is { } part) _missing.Add(part);
            // Names are given in the order of numbers, whatever the order in the interval.
            foreach (VmIdentity vm in interval.Vms.OrderBy(vm => vm.Ordinal)) Find(vm);
            AddOpen(interval);
            AddFigures(interval);
            foreach (VmSeries vm in _all)
                if (vm.Reading == _reading) vm.Settle(_since, _opened);
            LeaveOut(interval);
            EndVms();
            _since = clock.GetUtcNow();
        }
    }

    /// <summary>Copies all series as they are now.</summary>
    internal void CopyTo(MetricsSnapshot to)
    {
        to.Clear();
        lock (_lock)
        {
            ForgetEnded();
            to.Add(MetricFamily.BuildInfo, _build, 1, default);
            to.Add(MetricFamily.ObservedSeconds, _observed);
            foreach ((_, Series series) in _losses) to.Add(MetricFamily.Lost, series);
            Otlp?.CopyTo(to);
            foreach (VmSeries vm in _all) Copy(vm, to);
        }
    }

    private static bool IsMeasured(LossCounter loss, MeasuredKinds measured) => loss.Name switch
    {
        "lost_events" => measured.Slow,
        "lost_returns" => measured.Returns,
        // Arguments are in no series; the others are losses of other tracers, which only imports have.
        "other_qualifiers" or "lost_records" or "duplicate_events" => false,
        _ => true,
    };

    // What was open at the end of the interval before is in the rows of this one, or still open.
    private void AddOpen(Interval interval)
    {
        foreach (Series series in _opened)
        {
            if (interval.IsAfterGap) series.KeepOpen();
            series.Open = 0;
        }
        _opened.Clear();
        foreach (OpenExits open in interval.OpenAfter) Of(interval, open.Key.Vm).AddOpen(open, _since, _opened);
    }

    // What was open when nothing was counted yet was not counted, and will be.
    private void LeaveOut(Interval interval)
    {
        if (_reading > 1 && !interval.IsAfterGap) return;
        foreach (OpenExits before in interval.OpenBefore) Of(interval, before.Key.Vm).LeaveOut(before, _since);
    }

    private void AddFigures(Interval interval)
    {
        // Rows of a VM come together.
        int ordinal = int.MinValue;
        VmSeries vm = null!;
        foreach (Row row in interval.Changes)
        {
            if (row.Key.Vm != ordinal) vm = Of(interval, ordinal = row.Key.Vm);
            vm.Add(row, _since);
        }
        if (measured.Split)
            foreach (VcpuTime time in interval.TimeChanges) Of(interval, time.Key.Vm).Add(time, _since);
        if (measured.Returns)
            foreach (VmmReturns returns in interval.Returns) Of(interval, returns.Key.Vm).Add(returns, _since);
        if (measured.Slow)
            foreach (SlowExit exit in interval.Slow) Find(exit.Vm).Slow.Add(1);
    }

    private VmSeries Of(Interval interval, int ordinal)
    {
        if (_byOrdinal.TryGetValue(ordinal, out VmSeries? vm))
        {
            vm.Reading = _reading;
            return vm;
        }
        // Where VMs are together there is no identity, and no label.
        return Find(interval.VmOf(ordinal) ?? new VmIdentity(ordinal, VmIdentity.SeveralPids, ""));
    }

    private VmSeries Find(VmIdentity identity)
    {
        ref VmSeries? vm = ref CollectionsMarshal.GetValueRefOrAddDefault(_byOrdinal, identity.Ordinal, out _);
        if (vm is null)
        {
            vm = Take(SeriesLabels.Clean(identity.Name), identity.Ordinal);
            vm.Ordinal = identity.Ordinal;
            vm.IsAlive = true;
        }
        vm.Identify(identity);
        vm.Reading = _reading;
        return vm;
    }

    // Those that it had before, else the first of its name that no VM has.
    private VmSeries Take(string name, int ordinal)
    {
        VmSeries? free = null;
        for (int nth = 1; ; nth++)
        {
            string label = nth == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{nth}");
            if (!_byLabel.TryGetValue(label, out VmSeries? vm))
            {
                if (free is null)
                {
                    _byLabel.Add(label, free = new VmSeries(options, measured, label, _since));
                    _all.Add(free);
                    return free;
                }
                break;
            }
            if (vm.IsAlive) continue;
            free ??= vm;
            if (vm.Ordinal != ordinal) continue;
            free = vm;
            break;
        }
        _ended--;
        return free;
    }

    private void EndVms()
    {
        foreach (VmSeries vm in _all)
        {
            if (!vm.IsAlive || vm.Reading == _reading) continue;
            vm.IsAlive = false;
            vm.EndedAt = clock.GetTimestamp();
            _byOrdinal.Remove(vm.Ordinal);
            _ended++;
        }
        ForgetEnded();
    }

    private void ForgetEnded()
    {
        if (_ended == 0) return;
        _all.RemoveAll(vm => !vm.IsAlive && clock.GetElapsedTime(vm.EndedAt) >= options.Linger && Forget(vm));
        if (_ended <= MetricsOptions.MostEndedVms) return;
        VmSeries[] first = [.. _all.Where(vm => !vm.IsAlive).OrderBy(vm => vm.EndedAt).Take(_ended - MetricsOptions.MostEndedVms)];
        foreach (VmSeries vm in first) Forget(vm);
        var gone = first.ToHashSet();
        _all.RemoveAll(gone.Contains);
    }

    private bool Forget(VmSeries vm)
    {
        _byLabel.Remove(vm.Label);
        _ended--;
        return true;
    }

    private void Copy(VmSeries vm, MetricsSnapshot to)
    {
        if (vm.Info is { } info) to.Add(MetricFamily.VmInfo, info, 1, default);
        foreach (ReasonSeries? reason in vm.Reasons)
        {
            if (reason is null) continue;
            foreach (ExitSeries exits in reason.Exits)
            {
                to.Add(MetricFamily.Exits, exits.Number);
                if (measured.Times) to.Add(MetricFamily.HandlingSeconds, exits.HandlingNs);
            }
            if (reason.Nested is not { } nested) continue;
            to.Add(MetricFamily.NestedExits, nested.Ended.Labels, nested.Ended.ShowLess(nested.Reflected), nested.Ended.Created);
            to.Add(MetricFamily.NestedExits, nested.Reflected);
            to.Add(MetricFamily.RoundSeconds, nested.RoundNs);
        }
        if (measured.Times) to.Add(MetricFamily.BusyHandling, vm.Labels, vm.Bins, vm.BusyNs, vm.Created);
        foreach (PartClock parts in vm.Clocks)
            for (int part = 0; part < TimeParts.Count; part++)
                if (parts[part] > 0 || !_missing.Contains((TimePart)part))
                    to.Add(MetricFamily.VcpuSeconds, parts.Labels[part], parts[part], parts.Created);
        if (measured.Slow) to.Add(MetricFamily.SlowExits, vm.Slow);
        foreach (Series? returns in vm.Returns)
            if (returns is not null) to.Add(MetricFamily.VmmReturns, returns);
    }
}
