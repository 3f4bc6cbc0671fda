using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope man</c>, hidden: prints man pages, for packagers.</summary>
/// <param name="commands">The commands that they describe; called when it runs, because this command is one of them.</param>
internal sealed class ManCommand(Func<IReadOnlyList<ICommand>> commands) : ICommand
{
    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("man", "[COMMAND]", "Print a man page in roff",
        "Prints the man page kvmscope(8), or that of a COMMAND, in roff, made from the same source as --help.",
        [new("kvmscope man > kvmscope.8", "For a package."), new("kvmscope man time > kvmscope-time.8", "The page of a command.")]);

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } = new("COMMAND") { Arity = ArgumentArity.ZeroOrOne };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [];

    /// <inheritdoc/>
    public bool Hidden => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        IReadOnlyList<ICommand> all = commands();
        var page = new ManPage(context.Out, all, ProgramHelp.Version);
        if (invocation.Argument is not { } name) page.WriteProgram();
        else page.WriteCommand(all.FirstOrDefault(command => !command.Hidden && command.Help.Name == name)
            ?? throw UsageError.NotOneOf("the command", name, [.. all.Where(command => !command.Hidden).Select(c => c.Help.Name)]));
        return 0;
    }
}
