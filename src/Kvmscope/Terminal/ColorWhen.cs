namespace Kvmscope.Terminal;

/// <summary>When a table is coloured.</summary>
internal enum ColorWhen
{
    /// <summary>On a terminal, unless NO_COLOR is set or the terminal is dumb.</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}
