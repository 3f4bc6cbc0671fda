using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.CommandLine.Completion;
using Kvmscope.Core.Output;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary>
/// <c>kvmscope complete SHELL -- WORD...</c>, hidden: what may stand in place of the last word, one per line with a tab and what it is. A
/// line <c>:files</c> or <c>:programs</c> says that the shell's own may stand there too. The scripts of <c>completion</c> call it.
/// </summary>
/// <param name="commands">The commands that it completes; called when it runs, because this command is one of them.</param>
internal sealed class CompleteCommand(Func<IReadOnlyList<ICommand>> commands) : ICommand
{
    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("complete", "SHELL -- WORD...", "Complete a command line",
        "What may stand in place of the last WORD; for the scripts of 'kvmscope completion'.",
        [new("kvmscope complete bash -- time --v", "The options that begin so.")]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [];

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } = new("SHELL") { Arity = ArgumentArity.ZeroOrOne };

    /// <inheritdoc/>
    public bool StartsCommand => true;

    /// <inheritdoc/>
    public bool Hidden => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        IReadOnlyList<string> words = invocation.Started ?? [];
        // The others give words without their quotes.
        if (invocation.Argument == ShellScripts.Bash) words = [.. words.Select(ShellWord.Plain)];
        Completions found = new Completer(commands(), context.Host).Of(words);
        foreach (Candidate candidate in found.Candidates)
            context.Out.WriteLine($"{ForeignText.Clean(candidate.Text)}\t{ForeignText.Clean(candidate.Says)}");
        if (found.HasFiles) context.Out.WriteLine(":files\t");
        if (found.HasPrograms) context.Out.WriteLine(":programs\t");
        return 0;
    }
}
