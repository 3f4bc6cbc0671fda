using Kvmscope.Core.Model;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Interchange.Parquet;

/// <summary>Intervals, one row each: how long exits were observed, and what was not measured.</summary>
public sealed class IntervalsTable : SharedColumns
{
    private readonly HostColumns _host;
    private readonly TimeColumns _time;
    private readonly TextColumn _missing;
    private readonly (LossCounter Counter, ValueColumn<long> Column)[] _losses;

    /// <summary>Makes an empty one.</summary>
    public IntervalsTable()
    {
        (_host, _time) = (new(this), new(this));
        _missing = Text("missing");
        _losses = [.. Accounting.LossCounters.Select(counter => (counter, Long(counter.Name)))];
    }

    /// <inheritdoc/>
    public override string Name => "intervals";

    /// <inheritdoc/>
    public override void Add(RecordingHeader header, Interval interval)
    {
        _host.Add(header);
        _time.Add(interval);
        _missing.Add(interval.Missing.Count == 0 ? null : string.Join("; ", interval.Missing.Select(m => m.Text).Distinct()));
        foreach ((LossCounter counter, ValueColumn<long> column) in _losses) column.Add((long)counter.Of(interval.Accounting));
        EndRow();
    }
}
