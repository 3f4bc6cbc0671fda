using System.Globalization;

namespace Kvmscope.CommandLine;

/// <summary>Reads durations as people write them: <c>10s</c>, <c>1.5m</c>, <c>50us</c>.</summary>
internal static class Durations
{
    private static readonly (string Suffix, double Ns)[] s_units =
    [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ];

    /// <summary>Reads an option's duration in ns, of which a bare number is seconds.</summary>
    /// <param name="option">The option, for errors.</param>
    /// <param name="text">The text that the user typed.</param>
    /// <exception cref="Core.KvmscopeException">It is not a time (status 2).</exception>
    public static double Parse(string option, string text) => TryParse(text, "s", out double ns)
        ? ns
        : throw UsageError.Of($"{option} '{text}' is not a time",
            "Give a number and a unit: 500ms, 10s, 5m, 1h; a bare number is seconds.");

    /// <summary>Reads a duration in ns.</summary>
    /// <param name="text">A decimal number and a unit: ns, us, ms, s, m, h.</param>
    /// <param name="bareUnit">The unit of a number without one.</param>
    /// <param name="ns">The duration in ns; it may be negative or a fraction.</param>
    /// <returns>False where the text is not a finite number with a known unit.</returns>
    public static bool TryParse(string text, string bareUnit, out double ns)
    {
        text = text.Trim();
        int digits = text.Length;
        while (digits > 0 && !char.IsAsciiDigit(text[digits - 1]) && text[digits - 1] != '.') digits--;
        string unit = text[digits..].TrimStart();
        if (unit.Length == 0) unit = bareUnit;
        ns = 0;
        double factor = s_units.FirstOrDefault(u => u.Suffix == unit).Ns;
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (factor == 0 || !double.TryParse(text.AsSpan(0, digits), style, CultureInfo.InvariantCulture, out double number)) return false;
        ns = number * factor;
        return double.IsFinite(ns);
    }
}
