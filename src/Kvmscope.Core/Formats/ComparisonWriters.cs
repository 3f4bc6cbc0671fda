using Kvmscope.Core.Comparisons;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Formats;

/// <summary>Writes comparisons.</summary>
public static class ComparisonWriters
{
    /// <summary>Writes a comparison in the format.</summary>
    /// <param name="format">How it is written.</param>
    /// <param name="comparison">What is written.</param>
    /// <param name="style">How tables are laid out; other formats have no style.</param>
    /// <param name="output">Where it goes; neither flushed nor closed.</param>
    public static void Write(OutputFormat format, Comparison comparison, ViewStyle style, TextWriter output)
    {
        switch (format)
        {
            case OutputFormat.Table:
                ComparisonView.Write(output, comparison, style);
                break;
            case OutputFormat.Json:
                new JsonComparisonWriter(output).Write(comparison);
                break;
            case OutputFormat.Csv:
                new CsvComparisonWriter(output).Write(comparison);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format));
        }
    }
}
