using System.Globalization;

namespace Kvmscope.Core.Exits;

/// <summary>Names of numbers or ranges of numbers, in ascending order. Made from a TSV file by eng/generate-tables.cs.</summary>
internal sealed class NameTable((ulong First, ulong Last, string Name)[] rows)
{
    internal IReadOnlyList<(ulong First, ulong Last, string Name)> Rows => rows;

    /// <summary>The name; null where the number has none.</summary>
    internal string? Find(ulong number)
    {
        int low = 0, high = rows.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            (ulong first, ulong last, string name) = rows[middle];
            if (number < first) high = middle - 1;
            else if (number > last) low = middle + 1;
            else return name;
        }
        return null;
    }

    /// <summary>The name, or the number in hexadecimal.</summary>
    internal string NameOf(ulong number) => Find(number) ?? Hex.Of(number);

    /// <summary>The text and its name: <c>0x608 in (ACPI PM timer)</c>.</summary>
    internal string Explain(string written, ulong number) => Find(number) is { } name ? $"{written} ({name})" : written;
}

/// <summary>Numbers without a name.</summary>
internal static class Hex
{
    /// <summary><c>0x1f</c>.</summary>
    internal static string Of(ulong number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);
}
