using System.Runtime.InteropServices;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Interchange.Parquet;

/// <summary>
/// Exits: one row an interval, vCPU, level, reason, argument, page and instruction, as far as the recording keeps these apart. All figures
/// but the longest are differences, so they can be added up over any stretch of time; a part, or the count of exits whose argument is not
/// known yet, may be negative in one interval.
/// </summary>
public sealed class ExitsTable : SharedColumns
{
    private static readonly Tally s_nothing = new();
    private static readonly ReflectedRounds s_noRounds = new();

    private readonly HostColumns _host;
    private readonly TimeColumns _time;
    private readonly VmColumns _vm;
    private readonly ExitColumns _exit;
    private readonly TextColumn _page, _rip;
    private readonly ValueColumn<bool> _isOpen;
    private readonly ValueColumn<long> _count, _final;
    private readonly DurationColumns _durations;
    private readonly PartColumns _parts;
    private readonly ValueColumn<long> _reflected, _handlingNs, _l1Exits;
    private readonly DurationColumns _rounds;
    private readonly Dictionary<GroupKey, long> _open = [];

    /// <summary>Makes an empty one.</summary>
    public ExitsTable()
    {
        (_host, _time, _vm, _exit) = (new(this), new(this), new(this), new(this));
        (_page, _rip) = (Text("page"), Text("rip"));
        _isOpen = Flag("open");
        (_count, _final) = (Long("count"), Long("final"));
        _durations = new DurationColumns(this, "timed", "", "hist");
        _parts = new PartColumns(this, withGuest: false);
        _reflected = Long("reflected");
        _rounds = new DurationColumns(this, "rounds", "round_", "round_hist");
        (_handlingNs, _l1Exits) = (Long("round_handling_ns"), Long("round_l1_exits"));
    }

    /// <inheritdoc/>
    public override string Name => "exits";

    private sealed class DurationColumns(ExitsTable table, string count, string prefix, string bins)
    {
        private readonly ValueColumn<long> _timed = table.Long(count), _total = table.Long(prefix + "total_ns");
        private readonly ValueColumn<long> _max = table.Long(prefix + "max_ns");
        private readonly ListColumn _lows = table.Longs(bins + "_low_ns"), _counts = table.Longs(bins + "_count");

        internal void Add(Durations? durations)
        {
            _timed.Add((long?)durations?.Timed);
            _total.Add((long?)durations?.TotalNs);
            _max.Add((long?)durations?.LongestNs);
            int length = -1;
            if (durations is { HasBins: true, Bins: var bins })
            {
                length = 0;
                ReadOnlySpan<ulong> counts = bins.Counts;
                for (int i = 0; i < counts.Length; i++)
                {
                    if (counts[i] == 0) continue;
                    _lows.Add((long)HistogramLayout.LowNs(bins.Low + i));
                    _counts.Add((long)counts[i]);
                    length++;
                }
            }
            _lows.End(length);
            _counts.End(length);
        }
    }

    /// <inheritdoc/>
    public override void Add(RecordingHeader header, Interval interval)
    {
        foreach (Row row in interval.Changes)
            if (row.HasAny) Add(header, interval, row.Key, (long)row.Count, row);
        // Exits whose argument is not known yet are counted without one, and taken back when they end: counts are right at any time.
        foreach (OpenExits open in interval.OpenAfter) OpenOf(open.Key) += (long)open.Count;
        foreach (OpenExits open in interval.OpenBefore) OpenOf(open.Key) -= (long)open.Count;
        foreach ((GroupKey key, long count) in _open)
            if (count != 0) Add(header, interval, key, count, s_nothing);
        _open.Clear();
    }

    private ref long OpenOf(GroupKey key) => ref CollectionsMarshal.GetValueRefOrAddDefault(_open, key, out _);

    private void Add(RecordingHeader header, Interval interval, GroupKey key, long count, Tally tally)
    {
        _host.Add(header);
        _time.Add(interval);
        _vm.Add(interval.VmOf(key), key.VcpuId);
        _exit.Add(key);
        _page.Add(Qualifiers.Address(key.Place?.Page ?? default));
        _rip.Add(Qualifiers.Address(key.Place?.Rip ?? default));
        _isOpen.Add(tally == s_nothing);
        _count.Add(count);
        _final.Add((long)tally.Final);
        _durations.Add(header.HasTime ? tally : null);
        _parts.Add(tally.Parts, interval.Missing);
        ReflectedRounds? rounds = header.HasNested && key.Level == ExitLevel.L2 ? tally.Rounds ?? s_noRounds : null;
        _reflected.Add((long?)rounds?.Reflected);
        _rounds.Add(rounds);
        _handlingNs.Add((long?)rounds?.HandlingNs);
        _l1Exits.Add((long?)rounds?.L1Exits);
        EndRow();
    }
}
