using System.Buffers;

namespace Kvmscope.Core.Output.Text;

/// <summary>
/// Lines for people: all of them are written here, so that no foreign text controls a terminal. Emphasis covers whole lines, so that it
/// does not affect alignment.
/// </summary>
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
        WriteClean(output, line);
        if (colored) output.Write(Reset);
        // A line ends the same way on every host.
        output.Write('\n');
    }

    private static void WriteClean(TextWriter output, ReadOnlySpan<char> line)
    {
        if (ForeignText.IsPlain(line))
        {
            output.Write(line);
            return;
        }
        char[] clean = ArrayPool<char>.Shared.Rent(line.Length);
        ForeignText.Clean(clean, line);
        output.Write(clean.AsSpan(0, line.Length));
        ArrayPool<char>.Shared.Return(clean);
    }
}
