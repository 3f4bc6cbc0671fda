using System.CommandLine;

namespace Kvmscope.CommandLine;

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
