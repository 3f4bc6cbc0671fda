using System.Globalization;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Output.Csv;

/// <summary>One line of comma-separated values (RFC 4180, except that a line feed alone ends it, as in all text of this host).</summary>
internal sealed class CsvLine(TextWriter output)
{
    /// <summary>How many fields a <see cref="Qualifier"/> has.</summary>
    internal const int QualifierFields = 3;

    private bool _isFirst = true;

    /// <summary>Text; empty where there is none.</summary>
    internal CsvLine Text(string? text)
    {
        Separate();
        text = ForeignText.Clean(text ?? "");
        if (ForeignText.IsFormula(text)) text = "'" + text;
        if (text.AsSpan().IndexOfAny(',', '"') < 0)
        {
            output.Write(text);
            return this;
        }
        output.Write('"');
        output.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
        output.Write('"');
        return this;
    }

    internal CsvLine Number(ulong number) => Formatted(number);

    internal CsvLine Number(long number) => Formatted(number);

    /// <summary>The same; empty where it is not known.</summary>
    internal CsvLine Number(long? number) => number is { } value ? Number(value) : Skip(1);

    /// <summary>A figure; empty where it was not measured.</summary>
    internal CsvLine Number(ulong? number)
    {
        if (number is { } value) return Number(value);
        Separate();
        return this;
    }

    /// <summary>A figure that is not whole, rounded before; empty where it was not measured.</summary>
    internal CsvLine Number(double? number)
    {
        if (number is not { } value) return Skip(1);
        Span<char> to = stackalloc char[32];
        Separate();
        if (value.TryFormat(to, out int length, default, CultureInfo.InvariantCulture)) output.Write(to[..length]);
        else output.Write(value.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    /// <summary>Empty fields: what a row does not have, or was not asked for.</summary>
    internal CsvLine Skip(int fields)
    {
        for (int i = 0; i < fields; i++) Separate();
        return this;
    }

    /// <summary>Yes or no; empty where it is neither.</summary>
    internal CsvLine Flag(bool? value) => value is { } known ? Text(known ? "true" : "false") : Skip(1);

    /// <summary>Header fields.</summary>
    internal CsvLine Heads(params ReadOnlySpan<string> names)
    {
        foreach (string name in names) Text(name);
        return this;
    }

    /// <summary>The headers of <see cref="Qualifier"/>.</summary>
    internal CsvLine QualifierHeads() => Heads("qualifier", "qualifier_raw", "direction");

    /// <summary>An argument of a reason, as in JSON; empty where there is none.</summary>
    internal CsvLine Qualifier(ExitCode? code, Model.Qualifier qualifier)
    {
        if (code is not { } known || qualifier.State == Model.QualifierState.None) return Skip(QualifierFields);
        Text(Qualifiers.Name(known, qualifier) ?? "").Text(Json.JsonParts.RawText(Qualifiers.MachineParts(known, qualifier)) ?? "");
        return Text(Qualifiers.Direction(known, qualifier) ?? "");
    }

    /// <summary>The headers of <see cref="CodeColumns"/>.</summary>
    internal CsvLine CodeColumnHeads()
    {
        foreach (string name in IsaInfo.AllCodeColumns) Text(name);
        return this;
    }

    /// <summary>What <c>code</c> does not say about exits of some ISAs, as in JSON; empty for others. Last in a line.</summary>
    internal CsvLine CodeColumns(ExitCode? code)
    {
        foreach (IsaInfo isa in IsaInfo.All)
            for (int column = 0; column < isa.CodeColumns.Count; column++)
                Number(code is { } known && known.Isa == isa.Isa ? isa.CodeColumn(known.Code, column) : null);
        return this;
    }

    internal void End()
    {
        output.Write('\n');
        _isFirst = true;
    }

    private void Separate()
    {
        if (!_isFirst) output.Write(',');
        _isFirst = false;
    }

    private CsvLine Formatted<T>(T number) where T : struct, ISpanFormattable
    {
        Span<char> to = stackalloc char[20];
        Separate();
        number.TryFormat(to, out int length, default, CultureInfo.InvariantCulture);
        output.Write(to[..length]);
        return this;
    }
}
