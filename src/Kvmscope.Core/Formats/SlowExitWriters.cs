using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Reports;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Formats;

/// <summary>Makes the writers of slow exits.</summary>
public static class SlowExitWriters
{
    /// <summary>A writer of the format.</summary>
    /// <param name="format">How it is written.</param>
    /// <param name="isVerbose">Whether text has all that is known of each exit.</param>
    /// <param name="style">How text is laid out; other formats have no style.</param>
    /// <param name="output">Where it goes; neither flushed nor closed.</param>
    public static ISlowExitWriter Create(OutputFormat format, bool isVerbose, ViewStyle style, TextWriter output) => format switch
    {
        OutputFormat.Table => new TextSlowExitWriter(style, isVerbose, output),
        OutputFormat.Json => new JsonSlowExitWriter(output),
        OutputFormat.Csv => new CsvSlowExitWriter(output),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>A writer of the drop-in layout, that of kvm_vmexit_slower.</summary>
    public static ISlowExitWriter CreateSeed(TextWriter output) => new SeedSlowExitWriter(output);

    /// <summary>That slow exits were lost and what to do about it: a line for stderr, without its end.</summary>
    public static string LostLine(ulong lost) => AccountingText.LostEvents(lost);
}
