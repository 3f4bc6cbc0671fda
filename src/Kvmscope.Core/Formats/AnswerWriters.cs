using Kvmscope.Core.Reports;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Formats;

/// <summary>Makes the writers of answers.</summary>
public static class AnswerWriters
{
    /// <summary>A writer of the format.</summary>
    /// <param name="format">How it is written.</param>
    /// <param name="request">What is shown.</param>
    /// <param name="style">How tables are laid out; other formats have no style.</param>
    /// <param name="output">Where it goes; neither flushed nor closed.</param>
    public static IAnswerWriter Create(OutputFormat format, ReportRequest request, ViewStyle style, TextWriter output) => format switch
    {
        OutputFormat.Table => new TableAnswerWriter(request, style, output),
        OutputFormat.Json => new JsonAnswerWriter(request, output),
        OutputFormat.Csv => new CsvAnswerWriter(request, output),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>A writer of the drop-in layout: that of kvm_vmexit_count, kvm_vmexit_time or kvm_vmexit_time_hist.</summary>
    public static IAnswerWriter CreateSeed(ReportKind kind, TextWriter output) => new SeedAnswerWriter(kind, output);
}
