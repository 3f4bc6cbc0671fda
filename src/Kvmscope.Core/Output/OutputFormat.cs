namespace Kvmscope.Core.Output;

/// <summary>The format of output.</summary>
public enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One JSON object per interval or event, each on its own line.</summary>
    Json,

    /// <summary>Comma-separated values with one header line (RFC 4180).</summary>
    Csv,

    /// <summary>A picture that scales.</summary>
    Svg,

    /// <summary>A picture of dots.</summary>
    Png,

    /// <summary>A page with a picture that shows its figures.</summary>
    Html,
}

/// <summary>The one list of formats. <see cref="OutputKinds"/> says which output has which formats.</summary>
public static class OutputFormats
{
    private sealed record FormatInfo(OutputFormat Format, string Name, bool IsText = true, bool IsPicture = false);

    private static readonly FormatInfo[] s_all =
    [
        new(OutputFormat.Table, "table"),
        new(OutputFormat.Json, "json"),
        new(OutputFormat.Csv, "csv"),
        new(OutputFormat.Svg, "svg", IsPicture: true),
        new(OutputFormat.Png, "png", IsText: false, IsPicture: true),
        new(OutputFormat.Html, "html", IsPicture: true),
    ];

    extension(OutputFormat format)
    {
        /// <summary>As in <c>--format</c>.</summary>
        public string Name => Of(format).Name;

        /// <summary>Whether it is text; else bytes, which go to a file only.</summary>
        public bool IsText => Of(format).IsText;

        /// <summary>Whether it is a picture.</summary>
        public bool IsPicture => Of(format).IsPicture;
    }

    private static FormatInfo Of(OutputFormat format) => Array.Find(s_all, f => f.Format == format)!;
}
