using Kvmscope.Core.Exits;
using Kvmscope.Core.Analysis.Reports;

namespace Kvmscope.Core.Output.Text;

/// <summary>Explanations of reasons and parts of the wall clock, for people.</summary>
internal static class ExplanationText
{
    private const string Indent = "  ", Parts = "wall clock (kvmscope time --split)";

    internal static void Write(Destination to, Explanation explanation)
    {
        if (explanation.IsList)
        {
            WriteList(to, explanation);
            return;
        }
        for (int i = 0; i < explanation.Reasons.Count; i++)
        {
            if (i > 0) to.Writer.WriteLine();
            WriteReason(to, explanation.Reasons[i]);
        }
        foreach (PartNames.PartInfo part in explanation.Parts)
        {
            to.Writer.WriteLine($"{part.Name}: a part of the {Parts}");
            WriteSection(to, "What it is", part.Meaning);
            WriteSection(to, "What makes it large, and what to do", part.Hint);
        }
    }

    private static void WriteReason(Destination to, ExitCode code)
    {
        to.Writer.WriteLine($"{ExitReasons.Name(code)}: exit reason {ExitReasons.NumberText(code)} ({IsaInfo.Of(code.Isa).NumberTitle})");
        if (ExitReasons.Find(code) is not { } info)
        {
            WriteSection(to, "What it is", "Not known to this version. Raw numbers are counted and timed like all others.");
            return;
        }
        WriteSection(to, "What it is", Sentence(info.Meaning));
        if (info.Hint.Length > 0) WriteSection(to, "Usual causes, and what to change", Sentence(info.Hint));
        WriteLines(to, "", "What to look at");
        foreach ((string command, string tells) in ReasonAdvice.LookAt(code))
        {
            WriteLines(to, Indent, command);
            WriteLines(to, Indent + Indent, tells);
        }
        if (Explanation.Aliases(info) is { Count: > 0 } aliases) WriteSection(to, "Also called", string.Join(", ", aliases));
    }

    private static void WriteList(Destination to, Explanation explanation)
    {
        foreach (IGrouping<Isa, ExitCode> isa in explanation.Reasons.GroupBy(c => c.Isa))
        {
            to.Writer.WriteLine($"Exit reasons of {IsaInfo.Of(isa.Key).Title}");
            foreach (ExitCode code in isa)
                to.Writer.WriteLine(InOneLine(
                    $"{ExitReasons.NumberText(code),6}  {ExitReasons.Name(code),-26}  {ExitReasons.Find(code)?.Meaning}", to.Style));
            to.Writer.WriteLine();
        }
        to.Writer.WriteLine($"Parts of the {Parts}");
        foreach (PartNames.PartInfo part in explanation.Parts) WriteLines(to, Indent, $"{part.Name}: {part.Meaning}");
    }

    // A pipe or a file gets the whole line.
    private static string InOneLine(string line, ViewStyle style) =>
        TextWidth.Cut(line, style.TableWidth, middle: false, style.Unicode);

    private static string Sentence(string text) => text.Length == 0 || text[^1] is '.' or '!' or '?' ? text : text + ".";

    private static void WriteSection(Destination to, string head, string text)
    {
        WriteLines(to, "", head);
        WriteLines(to, Indent, text);
    }

    private static void WriteLines(Destination to, string indent, string text)
    {
        foreach (string line in TextWrap.Lines(text, Math.Max(20, to.Style.Width - indent.Length))) to.Writer.WriteLine(indent + line);
    }
}
