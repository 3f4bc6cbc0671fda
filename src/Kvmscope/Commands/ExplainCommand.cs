using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Output;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Selections;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope explain</c>: what an exit reason or a part of the wall clock is, and what to do about it.</summary>
internal sealed class ExplainCommand : ICommand
{
    private readonly Option<string> _isa = OptionFactory.Value("--isa", string.Join('|', IsaInfo.All.Select(i => i.Name)),
        "Reasons of this ISA (default: this host's, or all if that is not known).");
    private readonly OutputOptions _output = new(OutputKinds.Explanations.Formats);

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("explain", "[REASON|PART] [options]", "What an exit reason is, what causes it, what to do",
        "Says what an exit reason is, what usually causes it, what to look at and what to change. REASON is a name or a number; "
        + "PART is a part of the wall clock of 'time --split': guest, kvm, vmm, runq, halt, poll, sleep, unattributed. "
        + "Without either, all are listed. Works on any machine, without root.",
        [
            new("kvmscope explain EPT_VIOLATION", "One reason."),
            new("kvmscope explain runq", "A part of the wall clock."),
            new("kvmscope explain --isa svm", "All reasons of AMD hosts, one line each."),
        ]);

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } =
        new("REASON") { Arity = ArgumentArity.ZeroOrOne, CompletionSources = { PartNames.All.Select(part => part.Name).ToArray() } };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new("Reasons", [_isa]), _output.Group];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        OutputPlan plan = _output.Read(invocation.Result);
        Explanation explanation = Explain(invocation.Argument, Isas(invocation, context));
        using OutputTarget target = OutputTarget.Open(plan, context);
        target.Begin();
        OutputKinds.Explanations.In(plan.Format)(target.To, explanation);
        target.Writer.Flush();
        return 0;
    }

    private static Explanation Explain(string? asked, IReadOnlyList<IsaInfo> isas)
    {
        if (asked is not { } text)
            return new Explanation([.. isas.SelectMany(isa => isa.Reasons.Select(reason => new ExitCode(isa.Isa, reason.Number)))],
                PartNames.All, IsList: true);
        if (PartNames.All.FirstOrDefault(p => string.Equals(p.Name, text, StringComparison.OrdinalIgnoreCase)) is { } part)
            return new Explanation([], [part], IsList: false);
        ExitCode[] codes =
            [.. isas.Where(i => ExitReasons.TryParse(text, i.Isa, out _)).Select(i => Parse(text, i.Isa)).Where(ExitReasons.IsKnown)];
        // Its error suggests similar names.
        if (codes.Length == 0) codes = [new ExitCode(isas[0].Isa, ReasonSelector.Code(text, isas.Count == 1 ? isas[0].Isa : Isa.None))];
        return new Explanation(codes, [], IsList: false);
    }

    private IReadOnlyList<IsaInfo> Isas(Invocation invocation, CommandContext context)
    {
        if (invocation.Result.Text(_isa) is not { } name) return IsaInfo.Candidates(context.Host().Isa);
        return IsaInfo.All.FirstOrDefault(i => i.Name == name) is { } isa ? [isa]
            : throw UsageError.NotOneOf("--isa", name, [.. IsaInfo.All.Select(i => i.Name)]);
    }

    private static ExitCode Parse(string text, Isa isa) => ExitReasons.TryParse(text, isa, out ulong code) ? new(isa, code) : default;
}
