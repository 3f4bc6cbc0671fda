using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Selections;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope explain</c>: what an exit reason, or a part of the wall clock, is and what to do about it.</summary>
internal sealed class ExplainCommand : ICommand
{
    private const string Indent = "  ";

    private readonly Option<string> _isa = OptionFactory.Value("--isa", string.Join('|', IsaInfo.All.Select(i => i.Name)), "Reasons of this ISA; this host's unless given, and all where it is not known.");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("explain", "[REASON|PART] [options]", "What an exit reason is, what causes it, what to do",
        "Says what an exit reason is, what usually causes it, what to look at and what to change. REASON is a name or a number; "
        + "PART is a part of the wall clock of 'time --split': guest, kvm, vmm, runq, halt, poll, sleep, unattributed. "
        + "Without one all are listed. Works on any machine, without root.",
        [
            new("kvmscope explain EPT_VIOLATION", "One reason."),
            new("kvmscope explain runq", "A part of the wall clock."),
            new("kvmscope explain --isa svm", "All reasons of AMD hosts, a line each."),
        ]);

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } = new("REASON") { Arity = ArgumentArity.ZeroOrOne };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new("Reasons", [_isa])];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        IReadOnlyList<IsaInfo> isas = Isas(invocation, context);
        if (invocation.Argument is not { } text)
        {
            WriteAll(context, isas);
            return 0;
        }
        if (PartNames.All.FirstOrDefault(p => string.Equals(p.Name, text, StringComparison.OrdinalIgnoreCase)) is { } part)
        {
            WriteHead(context, $"{part.Name}: a part of the wall clock (kvmscope time --split)");
            WriteSection(context, "What it is", part.Meaning);
            WriteSection(context, "What makes it large, and what to do", part.Hint);
            return 0;
        }
        ExitCode[] codes = [.. isas.Where(i => ExitReasons.TryParse(text, i.Isa, out _)).Select(i => Parse(text, i.Isa)).Where(ExitReasons.IsKnown)];
        // Says which names are near.
        if (codes.Length == 0) codes = [new ExitCode(isas[0].Isa, ReasonSelector.Code(text, isas.Count == 1 ? isas[0].Isa : Isa.None))];
        for (int i = 0; i < codes.Length; i++)
        {
            if (i > 0) context.Out.WriteLine();
            Explain(context, codes[i]);
        }
        return 0;
    }

    private IReadOnlyList<IsaInfo> Isas(Invocation invocation, CommandContext context)
    {
        if (invocation.Result.Text(_isa) is not { } name) return IsaInfo.Candidates(context.Host().Isa);
        return IsaInfo.All.FirstOrDefault(i => i.Name == name) is { } isa ? [isa] : throw UsageError.NotOneOf("--isa", name, [.. IsaInfo.All.Select(i => i.Name)]);
    }

    private static ExitCode Parse(string text, Isa isa) => ExitReasons.TryParse(text, isa, out ulong code) ? new(isa, code) : default;

    private static void Explain(CommandContext context, ExitCode code)
    {
        WriteHead(context, $"{ExitReasons.Name(code)}: exit reason {ExitReasons.NumberText(code)} ({IsaInfo.Of(code.Isa).NumberTitle})");
        if (ExitReasons.Find(code) is not { } info)
        {
            WriteSection(context, "What it is", "Not known to this version. Raw numbers are counted and timed as all others are.");
            return;
        }
        WriteSection(context, "What it is", Sentence(info.Meaning));
        if (info.Hint.Length > 0) WriteSection(context, "Usual causes, and what to change", Sentence(info.Hint));
        WriteLine(context, "", "What to look at");
        foreach ((string command, string tells) in ReasonAdvice.LookAt(code))
        {
            WriteLine(context, Indent, command);
            WriteLine(context, Indent + Indent, tells);
        }
        string aliases = string.Join(", ", new[] { info.KernelName, info.TraceName, info.DropIn }.Concat(info.Aliases.Split(' ')).Where(a => a.Length > 0 && a != info.Name).Distinct());
        if (aliases.Length > 0) WriteSection(context, "Also called", aliases);
    }

    private static void WriteAll(CommandContext context, IReadOnlyList<IsaInfo> isas)
    {
        foreach (IsaInfo isa in isas)
        {
            WriteHead(context, $"Exit reasons of {isa.Title}");
            foreach (ExitReasonInfo reason in isa.Reasons)
            {
                var code = new ExitCode(isa.Isa, reason.Number);
                string line = $"{ExitReasons.NumberText(code),6}  {ExitReasons.Name(code),-26}  {reason.Meaning}";
                context.Out.WriteLine(InOneLine(line, context.Screen));
            }
            context.Out.WriteLine();
        }
        WriteHead(context, "Parts of the wall clock (kvmscope time --split)");
        foreach (PartNames.PartInfo part in PartNames.All) WriteLine(context, Indent, $"{part.Name}: {part.Meaning}");
    }

    // A pipe or a file has room for all of it.
    private static string InOneLine(string line, Screen screen) =>
        !screen.IsTerminal || line.Length <= screen.Width ? line : line[..Math.Max(0, screen.Width - 1)] + (screen.Unicode ? '…' : '~');

    private static string Sentence(string text) => text.Length == 0 || text[^1] is '.' or '!' or '?' ? text : text + ".";

    private static void WriteHead(CommandContext context, string text)
    {
        context.Out.WriteLine(text);
    }

    private static void WriteSection(CommandContext context, string head, string text)
    {
        WriteLine(context, "", head);
        WriteLine(context, Indent, text);
    }

    private static void WriteLine(CommandContext context, string indent, string text)
    {
        int width = Math.Max(20, context.Screen.Width - indent.Length);
        ReadOnlySpan<char> rest = text;
        while (rest.Length > width)
        {
            int cut = rest[..(width + 1)].LastIndexOf(' ');
            if (cut <= 0) cut = width;
            context.Out.WriteLine(indent + rest[..cut].ToString());
            rest = rest[cut..].TrimStart(' ');
        }
        context.Out.WriteLine(indent + rest.ToString());
    }
}
