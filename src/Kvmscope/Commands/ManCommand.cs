using Kvmscope.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope man</c>, hidden: prints the man page, for packagers.</summary>
/// <param name="commands">The commands that it describes; called when it runs, because this command is one of them.</param>
internal sealed class ManCommand(Func<IReadOnlyList<ICommand>> commands) : ICommand
{
    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("man", "", "Print the man page in roff",
        "Prints the man page kvmscope(8) in roff, made from the same source as --help.",
        [new("kvmscope man > kvmscope.8", "For a package.")]);

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [];

    /// <inheritdoc/>
    public bool Hidden => true;

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        ManPage.Write(context.Out, commands(), ProgramHelp.Version);
        return 0;
    }
}
