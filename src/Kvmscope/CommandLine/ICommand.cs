using System.CommandLine;
using Kvmscope.Terminal;

namespace Kvmscope.CommandLine;

/// <summary>One command of the program: what it is called, what it takes, what it does.</summary>
internal interface ICommand
{
    /// <summary>The source of its help.</summary>
    CommandHelp Help { get; }

    /// <summary>Its options, grouped as --help shows them.</summary>
    IReadOnlyList<OptionGroup> Groups { get; }

    /// <summary>Its one argument, if it has one.</summary>
    Argument<string?>? Argument => null;

    /// <summary>Its arguments, if it has any number of them; then it has no <see cref="Argument"/>.</summary>
    Argument<string[]>? Words => null;

    /// <summary>Whether it can start another command (<c>-- COMMAND</c>).</summary>
    bool StartsCommand => false;

    /// <summary>Whether it is left out of the list of commands.</summary>
    bool Hidden => false;

    /// <summary>Does it.</summary>
    /// <returns>The status to leave with.</returns>
    /// <exception cref="Core.KvmscopeException">Any anticipated error.</exception>
    int Run(Invocation invocation, CommandContext context);
}
