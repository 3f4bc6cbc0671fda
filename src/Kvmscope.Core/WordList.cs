using System.Globalization;

namespace Kvmscope.Core;

/// <summary>Several names in a sentence.</summary>
public static class WordList
{
    private const int MaxNames = 8;

    /// <summary>One of them: <c>a</c>, <c>a or b</c>, <c>a, b or c</c>.</summary>
    public static string Or(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "",
        1 => names[0],
        _ => $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}",
    };

    /// <summary>The first few, and how many more there are.</summary>
    public static string Some(IReadOnlyList<string> names) => names.Count <= MaxNames
        ? string.Join(", ", names)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(MaxNames))} and {names.Count - MaxNames} more");
}

/// <summary>A number and its noun.</summary>
internal static class Plural
{
    /// <summary><c>1 exit</c>, <c>2 exits</c>.</summary>
    internal static string Of(ulong number, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");
}
