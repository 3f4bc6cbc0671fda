using System.CommandLine;

namespace Kvmscope.CommandLine;

/// <summary>Makes the three kinds of options. All values stay text: they are checked where an error can name the fix.</summary>
internal static class OptionFactory
{
    // As in perf, kvm_stat and bcc's tools; the same on every command that has the option.
    private static readonly Dictionary<string, string> s_short = new()
    {
        ["--vm"] = "-p",
        ["--all"] = "-a",
        ["--duration"] = "-d",
        ["--interval"] = "-i",
        ["--exits"] = "-n",
        ["--output"] = "-o",
        ["--help"] = "-h",
    };

    /// <summary>An option with one value, given at most once.</summary>
    public static Option<string> Value(string name, string value, string says) =>
        new(name, Short(name)) { HelpName = value, Description = says, Arity = ArgumentArity.ExactlyOne };

    /// <summary>An option with one value that can be given more than once.</summary>
    public static Option<string[]> Values(string name, string value, string says) =>
        new(name, Short(name))
        {
            HelpName = value,
            Description = says,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };

    /// <summary>An option without a value.</summary>
    public static Option<bool> Switch(string name, string says) =>
        new(name, Short(name)) { Description = says, Arity = ArgumentArity.Zero };

    /// <summary>The words that a value is made of, where its name does not list them (<c>l1|l2</c>): a shell completes them.</summary>
    public static T Of<T>(this T option, params string[] words)
        where T : Option
    {
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>Whether the switch is on the command line.</summary>
    public static bool Has(this ParseResult result, Option<bool> option) => result.GetResult(option) is { Implicit: false };

    /// <summary>The option's value as typed, or null where it is not on the command line.</summary>
    public static string? Text(this ParseResult result, Option<string> option) =>
        result.GetResult(option) is { Implicit: false, Tokens: [var token, ..] } ? token.Value : null;

    /// <summary>The option's values as typed, in order.</summary>
    public static IReadOnlyList<string> Texts(this ParseResult result, Option<string[]> option) =>
        result.GetResult(option) is { Implicit: false } found ? [.. found.Tokens.Select(t => t.Value)] : [];

    /// <summary>
    /// The values of an option that takes comma-separated lists and can be repeated; empty items (a trailing comma) are dropped.
    /// </summary>
    public static IReadOnlyList<string> Items(this ParseResult result, Option<string[]> option) =>
        [.. result.Texts(option).SelectMany(SplitList)];

    /// <summary>The items of a comma-separated list; <c>12,</c> has one.</summary>
    public static string[] SplitList(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static string[] Short(string name) => s_short.TryGetValue(name, out string? letter) ? [letter] : [];
}
