using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests.Foreign;

/// <summary>
/// Text that would steer a terminal, begin a line of its own or be a formula; and objects with it in each of their strings, found by
/// reflection, so that a new string is not forgotten.
/// </summary>
internal static class Canary
{
    /// <summary>What follows a line end in it: at the begin of a line of output it is a forged line.</summary>
    public const string Forged = "kvmscope:forged";

    // Escape sequences (C0 and C1), bidi controls, zero width, separators, line ends, NUL, a character of two units.
    public const string Text = "=1\e[31m\u009b2J\u202ea\u2066b\u200f\u061c\u200b\u2028\u2029\0\u007f\t\r\n" + Forged + "\r\n" + Forged
        + "\ufeff\u00ad\U0001f600\U000e0041<b>\"'&,z";

    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>A copy with the canary in each string, at any depth.</summary>
    public static T In<T>(T model, string text = Text) => (T)Copy(model, typeof(T), text)!;

    private static object? Copy(object? value, Type type, string text)
    {
        if (type == typeof(string)) return text;
        if (value is null) return null;
        Type declared = type;
        type = value.GetType();
        if (type == typeof(string)) return text;
        if (type.IsArray) return OfArray((Array)value, text);
        if (type.IsGenericType && value is IEnumerable items && IsList(type))
        {
            // ImmutableArray<T> wraps an array, List<T> and Dictionary<K, V> are caches or are given as lists.
            return type.GetField("array", Fields) is { } inner ? OfImmutable(value, inner, text) : OfList(items, declared, text);
        }
        if (type.IsEnum || type.IsPrimitive || type.Namespace?.StartsWith("Kvmscope", StringComparison.Ordinal) != true) return value;
        object copy = typeof(object).GetMethod("MemberwiseClone", Fields)!.Invoke(value, null)!;
        for (Type? at = type; at is not null && at != typeof(object) && at != typeof(ValueType); at = at.BaseType)
            foreach (FieldInfo field in at.GetFields(Fields | BindingFlags.DeclaredOnly))
                field.SetValue(copy, Copy(field.GetValue(value), field.FieldType, text));
        return copy;
    }

    // Those of collection expressions have no namespace.
    private static bool IsList(Type type) => type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) != false;

    private static Array OfArray(Array from, string text)
    {
        var to = Array.CreateInstance(from.GetType().GetElementType()!, from.Length);
        for (int i = 0; i < from.Length; i++) to.SetValue(Copy(from.GetValue(i), from.GetType().GetElementType()!, text), i);
        return to;
    }

    private static object OfImmutable(object from, FieldInfo inner, string text)
    {
        if (inner.GetValue(from) is not Array array) return from;
        object to = from;
        inner.SetValue(to, OfArray(array, text));
        return to;
    }

    private static object? OfList(IEnumerable from, Type declared, string text)
    {
        // A dictionary is a cache here.
        if (from is IDictionary) return null;
        Type of = from.GetType().GetInterfaces()
            .First(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];
        object[] all = [.. from.Cast<object>().Select(item => Copy(item, of, text)!)];
        var to = Array.CreateInstance(of, all.Length);
        all.CopyTo(to, 0);
        return to.GetType().IsAssignableTo(declared) ? to : Activator.CreateInstance(declared, to);
    }

    /// <summary>Asserts that an answer and its messages are what a terminal, a file and a spreadsheet can take.</summary>
    public static void AssertTame(string what, Outcome outcome, bool isCsv = false)
    {
        AssertTame($"{what}, standard output", outcome.Out);
        AssertTame($"{what}, standard error", outcome.Error);
        if (!isCsv || outcome.Status != 0) return;
        List<string[]> lines = CsvText.Parse(outcome.Out);
        foreach (string[] line in lines)
        {
            Assert.True(lines[0].Length == line.Length, $"{what}: {line.Length} fields instead of {lines[0].Length}");
            foreach (string cell in line) Assert.False(IsFormula(cell), $"{what}: the cell {cell} is a formula");
        }
    }

    private static bool IsFormula(string cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..]
        && !double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static void AssertTame(string what, string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
            if (!IsTame(rune)) Assert.Fail($"{what} has U+{rune.Value:x4}: {Escaped(text)}");
        // A line that was broken goes on in its column.
        foreach (string line in text.Split('\n'))
            if (line.IndexOf(Forged, StringComparison.Ordinal) is >= 0 and <= 2) Assert.Fail($"{what} has a forged line: {Escaped(text)}");
    }

    private static bool IsTame(Rune rune) => rune.Value == '\n' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Escaped(string text) =>
        string.Concat(text.Select(c => c is '\n' or (>= ' ' and <= '~') ? $"{c}" : $"<{(int)c:x}>"));
}

/// <summary>Reads CSV as RFC 4180 says.</summary>
internal static class CsvText
{
    public static List<string[]> Parse(string text)
    {
        var lines = new List<string[]>();
        var line = new List<string>();
        var cell = new StringBuilder();
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (c == '"' && cell.Length == 0)
            {
                for (at++; ; at++)
                {
                    Assert.True(at < text.Length, "a quote is not closed");
                    if (text[at] != '"') cell.Append(text[at]);
                    else if (at + 1 < text.Length && text[at + 1] == '"') cell.Append(text[at++]);
                    else break;
                }
                Assert.True(at + 1 == text.Length || text[at + 1] is ',' or '\n', "text follows a closing quote");
                if (cell.Length == 0) continue;
            }
            else if (c is ',' or '\n')
            {
                line.Add(cell.ToString());
                cell.Clear();
                if (c == ',') continue;
                lines.Add([.. line]);
                line.Clear();
            }
            else
            {
                Assert.True(c != '"', "a lone quote");
                cell.Append(c);
            }
        }
        Assert.True(line.Count == 0 && cell.Length == 0, "the last line has no end");
        return lines;
    }
}
