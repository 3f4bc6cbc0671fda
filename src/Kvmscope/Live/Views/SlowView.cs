using System.Globalization;
using Kvmscope.Core.Analysis.Summaries;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Live.Views;

/// <summary>Slow exits until the shown time, the newest first; the dossier of the selected one is in the pane.</summary>
internal sealed class SlowView : LiveRows
{
    // More than anybody scrolls through.
    private const int Most = 2000;

    private static readonly LiveColumn<SlowExit>[] s_columns =
    [
        new("time", "Time", 15)
        {
            Figure = static (to, exit, _) =>
                exit.At.TryFormat(to, out int length, "HH:mm:ss.ffffff", CultureInfo.InvariantCulture) ? length : 0,
            Value = static (exit, _) => exit.At.UtcTicks,
        },
        new("vm", "VM", 8)
        {
            Worth = 95,
            Needs = static frame => Math.Clamp(frame.Names.LongestVm, 8, Math.Max(8, frame.Grid.Columns / 6)),
            Room = static frame => Math.Min(frame.Names.LongestVm, Math.Max(12, frame.Grid.Columns / 5)),
            CutsMiddle = static (frame, width) => frame.Names.EndsTellApart(width),
            Text = static (exit, frame) => frame.Names.Vm(exit.Vm.Ordinal),
        },
        new("vcpu", "vCPU", 4)
        {
            Worth = 80,
            Figure = static (to, exit, _) => exit.VcpuId is { } id ? LiveText.Number(to, (ulong)id) : LiveText.Missing(to),
            Value = static (exit, _) => -exit.Vcpu,
        },
        new("level", "Lv", 2) { Worth = 30, Text = static (exit, _) => exit.Level == ExitLevel.L2 ? "L2" : "L1" },
        new("reason", "Reason", 14) { Most = 18, Text = static (exit, frame) => frame.Reason(exit.Code) },
        new("qualifier", "Qualifier", 12)
        {
            Worth = 70,
            Needs = static frame => Math.Clamp(frame.Grid.Columns / 6, 12, 30),
            Room = static frame => Math.Max(16, frame.Grid.Columns / 4),
            Text = static (exit, frame) => frame.Names.Argument(exit.Code, exit.Qualifier),
        },
        new("took", "took", 7)
        {
            Figure = static (to, exit, frame) => LiveText.Time(to, exit.DurationNs, frame.Look),
            Value = static (exit, _) => exit.DurationNs,
        },
        new("mostly", "mostly", 20)
        {
            Worth = 60,
            Paint = static (place, exit, frame) => PaintLargest(place, exit, frame),
        },
        new("bar", "where it went", 12)
        {
            Worth = 50,
            FromWidth = 100,
            Most = 20,
            Paint = static (place, exit, frame) =>
            {
                if (exit.Parts is { } parts) LiveBars.Stack(place.Grid, place.Row, place.Column, place.Width, parts, parts.Sum, frame.Look);
            },
        },
    ];

    private readonly LiveTable<SlowExit> _table = new(s_columns, KeyOf, "time");
    private IReadOnlyList<SlowExit> _read = [];
    private (long To, long Newest) _at = (-1, -1);

    /// <inheritdoc/>
    public override IEnumerable<string> Orders => _table.Orders;

    /// <inheritdoc/>
    public override void Read(LiveFrame frame)
    {
        _table.Rows.Clear();
        if (frame.Source.Detail.SlowNs == 0)
        {
            frame.Empty = LiveNeeds.NotMeasured(frame, "slow exits", "give --slower 10ms", "record with --slower 10ms");
            return;
        }
        if (_at != (frame.Reader.To, frame.Source.History.To))
        {
            _at = (frame.Reader.To, frame.Source.History.To);
            _read = frame.Source.History.Slow(frame.Source.History.From, frame.Reader.To, Most);
            foreach (SlowExit exit in _read) frame.Names.Learn(exit.Vm);
        }
        SummaryScope scope = frame.State.Scope;
        foreach (SlowExit exit in _read)
        {
            if (!Has(scope, exit)) continue;
            frame.CountOfAll++;
            if (frame.State.Filter.Length == 0 || Matches(exit, frame)) _table.Rows.Add(exit);
        }
        frame.Count = _table.Rows.Count;
        frame.Title = "slow exits until the shown time, over " + ScaledText.Time(frame.Source.Detail.SlowNs, frame.Look.Unicode) + ",";
        if (frame.CountOfAll == 0) frame.Empty = "no slow exit was seen until the shown time";
        _table.ChooseOrder(frame);
        _table.Sort();
    }

    /// <summary>The exits that are shown, in their order.</summary>
    public IEnumerable<SlowExit> Shown(LiveFrame frame)
    {
        Read(frame);
        return _table.Rows;
    }

    /// <inheritdoc/>
    public override RowKey Key(int index) => KeyOf(_table.Rows[index]);

    /// <inheritdoc/>
    public override void Draw(LiveFrame frame) => _table.Draw(frame, static _ => CellTone.Plain);

    /// <inheritdoc/>
    public override (SummaryScope Scope, LiveView View)? Drill(LiveFrame frame, int index)
    {
        SlowExit exit = _table.Rows[index];
        return (new SummaryScope { Vm = exit.Vm.Ordinal, Vcpu = exit.VcpuId }, LiveView.Reasons);
    }

    /// <inheritdoc/>
    public override void DrawPane(LiveFrame frame, int index, int top)
    {
        SlowExit exit = _table.Rows[index];
        DetailPane.Title(frame, top, DetailPane.Name(frame, KeyOf(exit).Group with { Qualifier = exit.Qualifier }));
        int line = top + 1, end = frame.Grid.Rows - 1;
        if (exit.Parts is { Sum: > 0 } parts && line < end)
            LiveBars.Stack(frame.Grid, line++, 1, frame.Grid.Columns - 2, parts, parts.Sum, frame.Look);
        foreach (string text in SlowExitDetail.Lines(exit, frame.Look.Unicode).Prepend(Head(frame, exit)))
            foreach (string part in LiveText.Wrap(text, frame.Grid.Columns - 2))
                if (line < end) LiveText.Left(frame.Grid, line++, 1, frame.Grid.Columns - 2, part, CellTone.Plain, frame.Look);
    }

    private static string Head(LiveFrame frame, in SlowExit exit) => string.Create(CultureInfo.InvariantCulture,
        $"{WallTime.Exact(exit.At)}: took {ScaledText.Time(exit.DurationNs, frame.Look.Unicode)}, thread {exit.Tid}, "
        + $"{(exit.Level == ExitLevel.L2 ? "L2" : "L1")}");

    private static RowKey KeyOf(SlowExit exit) => new(new GroupKey(exit.Vm.Ordinal, exit.Vcpu, exit.Code, exit.Level), exit.At.UtcTicks);

    private static bool Has(SummaryScope scope, in SlowExit exit) => (scope.Vm is not { } vm || vm == exit.Vm.Ordinal)
        && (scope.Vcpu is not { } vcpu || vcpu == exit.Vcpu) && (scope.Code is not { } code || code == exit.Code)
        && (scope.Level is not { } level || level == exit.Level) && (scope.Qualifier is not { } qualifier || qualifier == exit.Qualifier);

    private static bool Matches(in SlowExit exit, LiveFrame frame) => LiveFilter.Has(frame.State, frame.Names.Vm(exit.Vm.Ordinal))
        || (exit.VcpuId is { } id && LiveFilter.HasVcpu(frame.State, frame.Names.Number(id)))
        || LiveFilter.Has(frame.State, frame.Reason(exit.Code))
        || LiveFilter.Has(frame.State, frame.Names.Argument(exit.Code, exit.Qualifier));

    private static void PaintLargest(LivePlace place, SlowExit exit, LiveFrame frame)
    {
        if (exit.Parts is not { Sum: > 0 } parts)
        {
            LiveText.Left(place.Grid, place.Row, place.Column, place.Width, "-", place.Tone, frame.Look);
            return;
        }
        (TimePart Part, string Name, char, char, CellTone) largest = LiveBars.Parts[0];
        foreach ((TimePart Part, string Name, char, char, CellTone) part in LiveBars.Parts)
            if (parts[part.Part] > parts[largest.Part]) largest = part;
        int at = LiveText.Left(place.Grid, place.Row, place.Column, place.Width, largest.Name, place.Tone, frame.Look) + 1;
        Span<char> to = stackalloc char[LiveText.MostFigure];
        int length = LiveText.Time(to, parts[largest.Part], frame.Look);
        LiveText.Left(place.Grid, place.Row, at, place.Column + place.Width - at, to[..length], place.Tone, frame.Look);
    }
}
