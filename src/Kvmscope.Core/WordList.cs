using System.Globalization;
using Kvmscope.Core.Output;

namespace Kvmscope.Core;

/// <summary>Several names in a sentence; others may have chosen them.</summary>
public static class WordList
{
    private const int MaxNames = 8;

    /// <summary>One of them: <c>a</c>, <c>a or b</c>, <c>a, b or c</c>.</summary>
    public static string Or(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "",
        1 => ForeignText.Clean(names[0]),
        _ => $"{Joined(names.Take(names.Count - 1))} or {ForeignText.Clean(names[^1])}",
    };

    /// <summary>The first few, and how many more there are.</summary>
    public static string Some(IReadOnlyList<string> names) => names.Count <= MaxNames
        ? Joined(names)
        : string.Create(CultureInfo.InvariantCulture, $"{Joined(names.Take(MaxNames))} and {names.Count - MaxNames} more");

    private static string Joined(IEnumerable<string> names) => string.Join(", ", names.Select(name => ForeignText.Clean(name)));
}

/// <summary>A number and its noun.</summary>
internal static class Plural
{
    /// <summary><c>1 exit</c>, <c>2 exits</c>.</summary>
    internal static string Of(ulong number, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");
}
