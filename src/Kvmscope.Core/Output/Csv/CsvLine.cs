using System.Globalization;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Output.Csv;

/// <summary>One line of comma-separated values (RFC 4180, except that a line feed alone ends it, as in all text of this host).</summary>
internal sealed class CsvLine(TextWriter output)
{
    private bool _isFirst = true;

    /// <summary>Foreign text: a name.</summary>
    internal CsvLine Name(string? name) => name is ['=' or '+' or '-' or '@', ..] ? Text("'" + name) : Text(name ?? "");

    internal CsvLine Text(string text)
    {
        Separate();
        text = ForeignText.Clean(text);
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

    internal CsvLine Number(ulong number)
    {
        Span<char> to = stackalloc char[20];
        Separate();
        number.TryFormat(to, out int length, default, CultureInfo.InvariantCulture);
        output.Write(to[..length]);
        return this;
    }

    internal CsvLine Number(int number) => Text(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A figure; empty where it was not measured.</summary>
    internal CsvLine Number(ulong? number)
    {
        if (number is { } value) return Number(value);
        Separate();
        return this;
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
}
