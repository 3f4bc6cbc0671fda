namespace Kvmscope.Core.Reports;

/// <summary>How an answer is written.</summary>
public enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One JSON object an answer or event, each on a line of its own.</summary>
    Json,

    /// <summary>Comma-separated values with one header line (RFC 4180).</summary>
    Csv,
}
