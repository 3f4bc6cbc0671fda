using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Output.Json;

/// <summary>The JSON that rows, slow exits and comparisons share.</summary>
internal static class JsonParts
{
    /// <summary>The parts in the order of the machine formats, with their names.</summary>
    internal static readonly (TimePart Part, string Name)[] All =
    [
        (TimePart.Guest, "guest"), (TimePart.Kvm, "kvm"), (TimePart.Vmm, "vmm"), (TimePart.Runq, "runq"), (TimePart.Halt, "halt"),
        (TimePart.Poll, "poll"), (TimePart.Sleep, "sleep"), (TimePart.Unattributed, "unattributed"),
    ];

    /// <summary><c>parts_ns</c>; what is not available is null.</summary>
    internal static void Write(Utf8JsonWriter json, in TimeParts parts, IReadOnlyList<MissingSource> missing, bool withGuest)
    {
        json.WriteStartObject("parts_ns");
        foreach ((TimePart part, string name) in All)
        {
            if (part == TimePart.Guest && !withGuest) continue;
            if (missing.Any(m => m.Part == part)) json.WriteNull(name);
            else json.WriteNumber(name, parts[part]);
        }
        json.WriteEndObject();
    }

    /// <summary><c>qualifier</c>, <c>qualifier_raw</c> and <c>direction</c>.</summary>
    internal static void Write(Utf8JsonWriter json, ExitCode code, Qualifier qualifier)
    {
        json.WriteString("qualifier", Qualifiers.Name(code, qualifier));
        ulong[] numbers = Qualifiers.MachineParts(code, qualifier);
        if (numbers.Length == 1) json.WriteNumber("qualifier_raw", numbers[0]);
        else json.WriteString("qualifier_raw", RawText(numbers));
        json.WriteString("direction", Qualifiers.Direction(code, qualifier));
    }

    /// <summary>A time in ns; null where it was not measured.</summary>
    internal static void Write(Utf8JsonWriter json, string name, ulong? ns)
    {
        if (ns is { } value) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    /// <summary>Sentences; left out where there are none.</summary>
    internal static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>The numbers of a qualifier joined by commas; null where there are none.</summary>
    internal static string? RawText(ulong[] numbers) =>
        numbers.Length == 0 ? null : string.Join(',', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));
}

/// <summary>
/// An exit's code in JSON: <c>isa</c>, <c>code</c>, and on arm64 <c>ret</c> and <c>ec</c>, of which <c>code</c> is the class (0 where it is
/// not a trap).
/// </summary>
public static class JsonCode
{
    /// <summary>Writes the members.</summary>
    public static void Write(Utf8JsonWriter json, ExitCode code)
    {
        json.WriteString("isa", MachineNames.Of(code.Isa));
        json.WriteNumber("code", MachineNames.Number(code));
        IsaInfo isa = IsaInfo.Of(code.Isa);
        for (int column = 0; column < isa.CodeColumns.Count; column++)
        {
            if (isa.CodeColumn(code.Code, column) is { } number) json.WriteNumber(isa.CodeColumns[column], number);
            else json.WriteNull(isa.CodeColumns[column]);
        }
        json.WriteString("reason", ExitReasons.Name(code));
    }
}
