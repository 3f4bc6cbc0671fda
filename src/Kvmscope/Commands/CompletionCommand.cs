using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.CommandLine.Completion;
using Kvmscope.Core;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope completion</c>: the script with which a shell completes command lines.</summary>
internal sealed class CompletionCommand : ICommand
{
    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("completion", "bash|zsh|fish", "The script that lets a shell complete with Tab",
        "Prints a script for bash, zsh or fish, which completes commands, options, their values, exit reasons and the names of running "
        + "VMs.",
        [
            new("kvmscope completion bash > ~/.local/share/bash-completion/completions/kvmscope", "For bash."),
            new("kvmscope completion zsh > ~/.zfunc/_kvmscope", "For zsh, where ~/.zfunc is a folder of $fpath."),
            new("kvmscope completion fish > ~/.config/fish/completions/kvmscope.fish", "For fish."),
        ]);

    /// <inheritdoc/>
    public Argument<string?> Argument { get; } = new("SHELL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        CompletionSources = { ShellScripts.Shells.ToArray() },
    };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        if (invocation.Argument is not { } shell)
            throw UsageError.Of("completion needs the name of a shell", $"Give {WordList.Or(ShellScripts.Shells)}.");
        if (!ShellScripts.Shells.Contains(shell)) throw UsageError.NotOneOf("the shell", shell, ShellScripts.Shells);
        context.Out.Write(ShellScripts.Of(shell));
        return 0;
    }
}
