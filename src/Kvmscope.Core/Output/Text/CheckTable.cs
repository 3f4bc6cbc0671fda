using Kvmscope.Core.Sources;

namespace Kvmscope.Core.Output.Text;

/// <summary>What a host can do: one line per check, and below it what to do.</summary>
internal static class CheckTable
{
    private const int VerdictWidth = 8, MinText = 24, MinWidth = 16;

    internal static void Write(Destination to, IReadOnlyList<HostCheck> checks)
    {
        int names = checks.Count == 0 ? 0 : checks.Max(c => c.Name.Length);
        foreach (HostCheck check in checks)
        {
            string word = MachineNames.Of(check.Verdict);
            if (check.Verdict == CheckVerdict.Failed) word = word.ToUpperInvariant();
            string name = ForeignText.Clean(check.Name).PadRight(names);
            string lead = $"{Colored(word.PadRight(VerdictWidth), check.Verdict, to.Style.Color)}{name}  ";
            WriteColumn(to, lead, VerdictWidth + names + 2, check.Found);
            if (check.Hint is { } hint) WriteColumn(to, "", VerdictWidth + 2, hint);
        }
    }

    // Text in its own column, or below if the screen is too narrow.
    private static void WriteColumn(Destination to, string lead, int column, string text)
    {
        bool below = to.Style.Width - column < MinText && lead.Length > 0;
        if (below) to.Writer.WriteLine(lead.TrimEnd());
        string indent = new(' ', below ? VerdictWidth : column);
        foreach (string line in TextWrap.Lines(ForeignText.Clean(text), Math.Max(MinWidth, to.Style.Width - indent.Length)))
        {
            to.Writer.WriteLine(below || lead.Length == 0 ? indent + line : lead + line);
            lead = "";
        }
    }

    private static string Colored(string text, CheckVerdict verdict, bool color) => !color ? text : verdict switch
    {
        CheckVerdict.Ok => $"\e[32m{text}\e[0m",
        CheckVerdict.Failed => $"\e[1;31m{text}\e[0m",
        _ => $"\e[33m{text}\e[0m",
    };
}
