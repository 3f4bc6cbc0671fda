namespace Kvmscope.Core.Output;

/// <summary>How an answer is written.</summary>
public enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One JSON object per answer or event, each on a line of its own.</summary>
    Json,

    /// <summary>Comma-separated values with one header line (RFC 4180).</summary>
    Csv,

    /// <summary>A picture that scales.</summary>
    Svg,

    /// <summary>A picture of dots.</summary>
    Png,

    /// <summary>A page with a picture that tells its figures.</summary>
    Html,
}

/// <summary>The one list of formats. Which answers have which is in <see cref="OutputKinds"/>.</summary>
public static class OutputFormats
{
    private sealed record Facts(OutputFormat Format, string Name, bool IsText = true, bool IsPicture = false);

    private static readonly Facts[] s_all =
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
        /// <summary>As <c>--format</c> has it.</summary>
        public string Name => Of(format).Name;

        /// <summary>Whether it is text; else bytes, which go to a file only.</summary>
        public bool IsText => Of(format).IsText;

        /// <summary>Whether it is drawn.</summary>
        public bool IsPicture => Of(format).IsPicture;
    }

    private static Facts Of(OutputFormat format) => Array.Find(s_all, f => f.Format == format)!;
}
