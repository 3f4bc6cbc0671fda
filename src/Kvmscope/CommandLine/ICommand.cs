using System.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>One command of the program: its name, its options and arguments, and what it does.</summary>
internal interface ICommand
{
    /// <summary>The source of its help.</summary>
    CommandHelp Help { get; }

    /// <summary>Its options, grouped as --help shows them.</summary>
    IReadOnlyList<OptionGroup> Groups { get; }

    /// <summary>Its single argument, or null.</summary>
    Argument<string?>? Argument => null;

    /// <summary>Its list of arguments, or null; a command with a list has no <see cref="Argument"/>.</summary>
    Argument<string[]>? Words => null;

    /// <summary>Whether it can start another command (<c>-- COMMAND</c>).</summary>
    bool StartsCommand => false;

    /// <summary>Whether it is left out of the list of commands.</summary>
    bool Hidden => false;

    /// <summary>Runs the command.</summary>
    /// <returns>The exit status.</returns>
    /// <exception cref="Core.KvmscopeException">Any anticipated error.</exception>
    int Run(Invocation invocation, CommandContext context);
}

/// <summary>A command's help: the one source for its --help and for the man page.</summary>
/// <param name="Name">The verb.</param>
/// <param name="Arguments">The synopsis after the name, without "kvmscope NAME".</param>
/// <param name="Summary">One line for the list of commands, no trailing period.</param>
/// <param name="Description">One paragraph.</param>
/// <param name="Examples">Command lines that work, and what each shows.</param>
internal sealed record CommandHelp(
    string Name, string Arguments, string Summary, string Description, IReadOnlyList<CommandExample> Examples);

/// <summary>One example in a command's help.</summary>
/// <param name="Line">The whole command line.</param>
/// <param name="Says">What it shows.</param>
internal sealed record CommandExample(string Line, string Says);

/// <summary>Options that are shown together in a command's help.</summary>
/// <param name="Title">The heading: Filters, Run, Output, …</param>
/// <param name="Options">The options, in the order to show them.</param>
/// <param name="Notes">Entries that the parser does not know (<c>-- COMMAND</c>): what to type, and what it does.</param>
internal sealed record OptionGroup(string Title, IReadOnlyList<Option> Options, params IReadOnlyList<(string Form, string Says)> Notes)
{
    /// <summary>Every entry of the group as (what to type, what it does).</summary>
    public IEnumerable<(string Form, string Says)> Entries() => Options.Select(o => (Form(o), o.Description ?? "")).Concat(Notes);

    private static string Form(Option option)
    {
        string names = string.Join(", ", option.Aliases.Prepend(option.Name).OrderBy(n => n.Length));
        return option.HelpName is { } value ? $"{names} {value}" : names;
    }
}

/// <summary>A command line that parsed: which command, with which options.</summary>
/// <param name="Command">The command.</param>
/// <param name="Result">Its options and arguments as typed.</param>
/// <param name="Started">What follows <c>--</c>; null where there is no <c>--</c>.</param>
internal sealed record Invocation(ICommand Command, ParseResult Result, IReadOnlyList<string>? Started)
{
    /// <summary>The command's argument as typed, or null.</summary>
    public string? Argument =>
        Command.Argument is { } argument && Result.GetResult(argument) is { Tokens: [var token, ..] } ? token.Value : null;

    /// <summary>The command's arguments as typed, in order.</summary>
    public IReadOnlyList<string> Words =>
        Command.Words is { } words && Result.GetResult(words) is { } found ? [.. found.Tokens.Select(t => t.Value)] : [];
}
