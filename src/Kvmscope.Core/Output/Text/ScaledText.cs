using System.Globalization;

namespace Kvmscope.Core.Output.Text;

/// <summary>Numbers and times for people: at most 4 characters and a unit.</summary>
public static class ScaledText
{
    /// <summary>Room for any text of this class.</summary>
    public const int MaxLength = 24;

    private const int MaxFourCharacters = 9999;
    private const ulong Day = 86_400_000_000_000, Year = 365 * Day;

    // Up to seconds each unit is a thousand of the one before.
    private static readonly (ulong Ns, string Unicode, string Ascii)[] s_times =
    [
        (1, "ns", "ns"), (1_000, "µs", "us"), (1_000_000, "ms", "ms"), (1_000_000_000, "s", "s"),
        (3_600_000_000_000, "h", "h"), (Day, "d", "d"), (Year, "y", "y"),
    ];

    private static readonly (ulong Unit, string Name)[] s_numbers =
    [
        (1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G"), (1_000_000_000_000, "T"), (1_000_000_000_000_000, "P"),
        (1_000_000_000_000_000_000, "E"),
    ];

    /// <summary>A time: <c>812 ns</c>, <c>3.42 µs</c>, <c>1.20 ms</c>, <c>2.31 s</c>, <c>4.50 h</c>.</summary>
    /// <param name="ns">Nanoseconds.</param>
    /// <param name="unicode">Whether µ can be shown, else <c>us</c>.</param>
    /// <param name="tight">Whether the space before the unit is left out.</param>
    public static string Time(ulong ns, bool unicode = true, bool tight = false)
    {
        Span<char> to = stackalloc char[MaxLength];
        return new string(to[..FormatTime(to, ns, unicode, tight)]);
    }

    /// <summary>A number of things: exact where it has at most <paramref name="width"/> digits, else scaled: <c>12.3M</c>.</summary>
    public static string Number(ulong number, int width = int.MaxValue)
    {
        Span<char> to = stackalloc char[MaxLength];
        return new string(to[..FormatNumber(to, number, width)]);
    }

    /// <summary>How many per second: one decimal below ten, and never 0 for something that happened.</summary>
    public static string Rate(double rate, int width = int.MaxValue)
    {
        Span<char> to = stackalloc char[MaxLength];
        return new string(to[..FormatRate(to, rate, width)]);
    }

    /// <summary>Writes <see cref="Time"/>.</summary>
    /// <returns>Its length.</returns>
    public static int FormatTime(Span<char> to, ulong ns, bool unicode, bool tight)
    {
        int unit = 0, length;
        if (ns < 1000) ns.TryFormat(to, out length, default, CultureInfo.InvariantCulture);
        else
            do unit++;
            while (!TryScale(to, ns, s_times[unit].Ns, LargestOf(unit), out length));
        if (!tight) to[length++] = ' ';
        string name = unicode ? s_times[unit].Unicode : s_times[unit].Ascii;
        name.CopyTo(to[length..]);
        return length + name.Length;
    }

    /// <summary>Writes <see cref="Number"/>.</summary>
    /// <returns>Its length.</returns>
    public static int FormatNumber(Span<char> to, ulong number, int width)
    {
        number.TryFormat(to, out int length, default, CultureInfo.InvariantCulture);
        if (length <= width) return length;
        int unit = 0;
        while (!TryScale(to, number, s_numbers[unit].Unit, 999, out length)) unit++;
        s_numbers[unit].Name.CopyTo(to[length..]);
        return length + 1;
    }

    /// <summary>Writes how many per second: one decimal below ten, and never 0 for something that happened.</summary>
    /// <returns>Its length.</returns>
    public static int FormatRate(Span<char> to, double rate, int width)
    {
        if (rate >= 9.95) return FormatNumber(to, (ulong)Math.Round(rate), width);
        if (rate is > 0 and < 0.05)
        {
            "<0.1".CopyTo(to);
            return 4;
        }
        Math.Max(0, rate).TryFormat(to, out int length, rate > 0 ? "0.0" : "0", CultureInfo.InvariantCulture);
        return length;
    }

    // ns to ms end at 999; seconds, hours and days go up to 9999, which is as short as the next unit with decimals.
    private static int LargestOf(int unit) => unit < 3 ? 999 : MaxFourCharacters;

    // Three digits, rounded half up, in whole numbers: 9.996 is 10.0, and 999.6 uses the next unit.
    private static bool TryScale(Span<char> to, ulong value, ulong unit, int largest, out int length)
    {
        for (int decimals = 2; decimals >= 0; decimals--)
        {
            ulong scale = decimals switch { 2 => 100UL, 1 => 10UL, _ => 1UL };
            UInt128 scaled = (((UInt128)value * scale) + (unit / 2)) / unit;
            if (scaled >= 1000 && decimals > 0) continue;
            if (scaled > (ulong)largest) break;
            ulong whole = (ulong)scaled;
            (whole / scale).TryFormat(to, out length, default, CultureInfo.InvariantCulture);
            if (decimals > 0)
            {
                to[length++] = '.';
                (whole % scale).TryFormat(to[length..], out int digits, decimals == 2 ? "00" : "0", CultureInfo.InvariantCulture);
                length += digits;
            }
            return true;
        }
        length = 0;
        return false;
    }
}
