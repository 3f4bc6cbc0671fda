using System.Globalization;

namespace Kvmscope.Interchange.Formats;

/// <summary>A field of an event's record, from its format file.</summary>
/// <param name="Offset">Where it is in the record.</param>
/// <param name="Size">Its bytes.</param>
internal readonly record struct EventField(int Offset, int Size)
{
    /// <summary>Whether this kernel's event does not have it.</summary>
    internal bool IsMissing => Size == 0;

    /// <summary>Another one where it is missing.</summary>
    internal EventField Or(EventField other) => IsMissing ? other : this;
}

/// <summary>
/// The layout of an event's record: <c>events/SYSTEM/EVENT/format</c> of tracefs, which perf.data and trace.dat contain. Fields are found
/// by name, as their offsets differ between kernels.
/// </summary>
internal sealed class EventFormat
{
    private readonly Dictionary<string, EventField> _fields = [];

    private EventFormat(string name, int id) => (Name, Id) = (name, id);

    /// <summary>The event's name.</summary>
    internal string Name { get; }

    /// <summary>The number in the records of this file.</summary>
    internal int Id { get; }

    /// <summary>The field; a missing one where this kernel's event has none of that name.</summary>
    internal EventField this[string name] => _fields.GetValueOrDefault(name);

    /// <summary>Reads a format file; null where it is none.</summary>
    internal static EventFormat? Parse(string text)
    {
        string? name = null;
        int id = -1;
        List<(string Name, EventField Field)> fields = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> trimmed = line.Trim();
            if (trimmed.StartsWith("name:")) name = trimmed[5..].Trim().ToString();
            else if (trimmed.StartsWith("ID:")) _ = int.TryParse(trimmed[3..].Trim(), CultureInfo.InvariantCulture, out id);
            else if (trimmed.StartsWith("field:") && ParseField(trimmed) is { } field) fields.Add(field);
            else if (trimmed.StartsWith("print fmt:")) break;
        }
        // Numbers of events have 16 bits in the records.
        if (name is null || id is < 0 or > ushort.MaxValue) return null;
        var format = new EventFormat(name, id);
        foreach ((string of, EventField field) in fields) format._fields.TryAdd(of, field);
        return format;
    }

    // field:unsigned int exit_reason;	offset:8;	size:4;	signed:0;
    private static (string, EventField)? ParseField(ReadOnlySpan<char> line)
    {
        int end = line.IndexOf(';');
        if (end < 0) return null;
        ReadOnlySpan<char> declaration = line["field:".Length..end].Trim();
        int bracket = declaration.IndexOf('[');
        if (bracket > 0) declaration = declaration[..bracket].TrimEnd();
        ReadOnlySpan<char> name = declaration[(declaration.LastIndexOfAny(" *") + 1)..];
        ReadOnlySpan<char> rest = line[end..];
        if (Number(rest, "offset:") is not { } offset || Number(rest, "size:") is not { } size || name.IsEmpty) return null;
        return (name.ToString(), new EventField(offset, size));
    }

    private static int? Number(ReadOnlySpan<char> text, string before)
    {
        int at = text.IndexOf(before);
        if (at < 0) return null;
        text = text[(at + before.Length)..];
        int end = text.IndexOf(';');
        return end > 0 && int.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 1 << 16
            ? number
            : null;
    }
}
