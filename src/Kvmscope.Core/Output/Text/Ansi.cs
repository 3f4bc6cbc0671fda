
namespace Kvmscope.Core.Output.Text;

/// <summary>Emphasis on a terminal: whole lines only, so that it never takes part in alignment.</summary>
internal static class Ansi
{
    private const string Reset = "\e[0m";

    internal static void WriteLine(TextWriter output, ReadOnlySpan<char> line, RowTone tone, ViewStyle style)
    {
        string begin = tone switch
        {
            RowTone.Bold => "\e[1m",
            RowTone.Dim => "\e[2m",
            RowTone.Warning => "\e[33m",
            _ => "",
        };
        bool colored = style.Color && begin.Length > 0 && !line.IsEmpty;
        if (colored) output.Write(begin);
        output.Write(line);
        if (colored) output.Write(Reset);
        // A line ends the same way on every host.
        output.Write('\n');
    }
}
