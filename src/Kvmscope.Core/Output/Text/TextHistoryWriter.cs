using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Text;

/// <summary>The last exits of vCPUs for people: how the vCPU ended or where it is, and its exits, the oldest first.</summary>
internal sealed class TextHistoryWriter(Destination to) : IOutputWriter<VcpuHistory>
{
    private readonly TextWriter _output = to.Writer;
    private const int ComfortableReason = 10, ComfortableQualifier = 8;

    private bool _isFirst = true;

    public void Write(in VcpuHistory history)
    {
        if (!_isFirst) _output.Write('\n');
        _isFirst = false;
        FootNotes.WriteWrapped(_output, Head(history), RowTone.Bold, to.Style);
        if (history.Exits.Count > 0) WriteExits(history);
        string seen = history.Seen == (ulong)history.Exits.Count
            ? Plural.Of(history.Seen, "exit", "exits")
            : string.Create(CultureInfo.InvariantCulture, $"the last {history.Exits.Count} of {history.Seen} exits");
        FootNotes.WriteWrapped(_output, history.Seen == 0 ? "no exits were seen" : seen, RowTone.Plain, to.Style);
        if (history.Unread > 0)
        {
            string were = Plural.Of((ulong)history.Unread, "exit was", "exits were");
            FootNotes.WriteWrapped(_output, $"{were} being written, and left out", RowTone.Warning, to.Style);
        }
    }

    private string Head(VcpuHistory history)
    {
        string whose = string.Create(CultureInfo.InvariantCulture, $"{history.Vm.Name} ({history.Vm.Pid}) vCPU {history.Vcpu}");
        string when = history.HasEnded ? $" ended at {Clock(history.At)}: " : $" at {Clock(history.At)}: ";
        string place = history.HasEnded ? "" : history.Place switch
        {
            VcpuPlace.KvmRun => "in KVM_RUN; ",
            VcpuPlace.Vmm => "in the VMM; ",
            _ => "",
        };
        return whose + when + place + ReturnText(history.LastReturn);
    }

    private string ReturnText(VmmReturn? last)
    {
        if (last is null) return "no return to the VMM was seen";
        string detail = last.Detail is { } number && last.Reason.DetailText(number) is { } text ? $" ({text})" : "";
        return $"KVM_RUN returned {last.Reason.Name}{detail} {ScaledText.Time(last.BeforeNs, to.Style.Unicode)} before";
    }

    private void WriteExits(VcpuHistory history)
    {
        bool hasQualifier = history.Exits.Any(e => Qualifiers.Name(e.Code, e.Qualifier) is not null);
        bool hasRip = history.Exits.Any(e => e.Rip is not null), hasReturn = history.Exits.Any(e => e.Return is not null);
        bool hasLevels = history.Exits.Any(e => e.Level == ExitLevel.L2);
        List<TextColumn> columns = [new("Time") { Left = true, Comfort = 15 }, new("Since") { Drop = 1 }];
        if (hasLevels) columns.Add(new("Lv") { Left = true });
        columns.Add(new("Reason") { Left = true, Comfort = ComfortableReason });
        if (hasQualifier) columns.Add(new("Qualifier") { Left = true, Comfort = ComfortableQualifier });
        if (hasRip) columns.Add(new("RIP"));
        columns.Add(new("Handling"));
        if (hasReturn) columns.Add(new("Returned") { Left = true });
        var table = new TextTable(columns, to.Style);
        foreach (LastExit exit in history.Exits) table.Add(RowTone.Plain, [.. Cells(exit, hasLevels, hasQualifier, hasRip, hasReturn)]);
        table.Write(_output);
    }

    private static IEnumerable<TextCell> Cells(LastExit exit, bool hasLevels, bool hasQualifier, bool hasRip, bool hasReturn)
    {
        yield return TextCell.OfText(Clock(exit.At));
        yield return TextCell.OfTime(exit.SinceLastNs);
        if (hasLevels) yield return TextCell.OfText(exit.Level == ExitLevel.L2 ? "L2" : "L1");
        yield return TextCell.OfText(ExitReasons.Name(exit.Code));
        if (hasQualifier) yield return TextCell.OfText(Qualifiers.Name(exit.Code, exit.Qualifier) ?? "");
        if (hasRip) yield return exit.Rip is { } rip ? TextCell.OfRight(Hex(rip)) : TextCell.Missing;
        yield return TextCell.OfTime(exit.HandlingNs);
        if (hasReturn) yield return TextCell.OfText(Returned(exit));
    }

    // How often, where not once: the reason is that of the last.
    private static string Returned(LastExit exit) => exit.Return is not { } reason ? ""
        : exit.Returns == 1 ? reason.Name
        : string.Create(CultureInfo.InvariantCulture, $"{reason.Name} x{exit.Returns}");

    private static string Hex(ulong number) => string.Create(CultureInfo.InvariantCulture, $"0x{number:x}");

    private static string Clock(DateTimeOffset time) => time.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}
