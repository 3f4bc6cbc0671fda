using System.IO.Pipelines;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Server.Metrics;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>A clock that is set by hand.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(_ticks);

    internal void Advance(TimeSpan time) => _ticks += time.Ticks;
}

/// <summary>A trace of a made-up host, and what a scrape of it says.</summary>
internal sealed class MetricsWorld
{
    internal static readonly MeasuredKinds All = new() { Times = true, Split = true, Nested = true, Slow = true, Returns = true };

    internal static readonly ExitCode Hlt = new(Isa.Vmx, 12), Cpuid = new(Isa.Vmx, 10), Msr = new(Isa.Vmx, 32), Io = new(Isa.Vmx, 30);

    internal MetricsWorld(MetricsOptions? options = null, MeasuredKinds? measured = null) =>
        Source = new MetricsSource(options ?? new MetricsOptions { Version = "1.2.3" }, measured ?? All, Clock);

    internal HandClock Clock { get; } = new();

    internal MetricsSource Source { get; }

    internal long Ns { get; private set; }

    internal static VmIdentity Vm(int ordinal, string? name = null) => new(ordinal, 1000 + ordinal, name ?? $"vm-{ordinal}");

    internal static Row Row(VmIdentity vm, ExitCode code, ulong count, ulong ns, ExitLevel level = ExitLevel.L1, int vcpu = 0)
    {
        var row = new Row(new GroupKey(vm.Ordinal, vcpu, code, level)) { Count = count, Timed = count, TotalNs = count * ns, MaxNs = ns };
        if (count > 0) row.Bins.Add(HistogramLayout.BinOf(ns), count);
        return row;
    }

    internal static TimeParts Parts(params ReadOnlySpan<(TimePart Part, long Ns)> parts)
    {
        TimeParts result = default;
        foreach ((TimePart part, long ns) in parts) result[part] = unchecked((ulong)ns);
        return result;
    }

    internal Interval Interval(IEnumerable<VmIdentity> vms, params Row[] rows)
    {
        var interval = new Interval
        {
            FromNs = Ns,
            ToNs = Ns + 1_000_000_000,
            Vms = [.. vms],
            Changes = rows,
            Accounting = new Accounting().WithRows(rows),
        };
        Ns = interval.ToNs;
        return interval;
    }

    /// <summary>Adds the next second.</summary>
    internal void Add(IEnumerable<VmIdentity> vms, params Row[] rows) => Add(Interval(vms, rows));

    internal void Add(Interval interval)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        Source.Add(interval);
    }

    /// <summary>The series of a scrape in the text format, by name with labels.</summary>
    internal Dictionary<string, string> Scrape() => Lines(Text("")).Where(line => line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => line[(line.LastIndexOf(' ') + 1)..]);

    internal static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal string Text(string accept) => System.Text.Encoding.UTF8.GetString(Bytes(accept));

    internal byte[] Bytes(string accept)
    {
        using var stream = new MemoryStream();
        PipeWriter pipe = PipeWriter.Create(stream);
        Source.WriteAsync(accept, pipe, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        pipe.Complete();
        return stream.ToArray();
    }
}
