using System.CommandLine;

namespace Kvmscope.CommandLine;

/// <summary>Options that are shown together in a command's help.</summary>
/// <param name="Title">The heading: Filters, Run, Output, …</param>
/// <param name="Options">The options, in the order to show them.</param>
/// <param name="Notes">Entries of the group that the parser never sees (<c>-- COMMAND</c>): what to type, and what it does.</param>
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
