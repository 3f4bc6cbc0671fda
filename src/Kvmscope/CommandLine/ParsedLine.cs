namespace Kvmscope.CommandLine;

/// <summary>What a command line asks for.</summary>
internal enum LineKind
{
    /// <summary>To run a command.</summary>
    Command,

    /// <summary>Help, of the program or of a command.</summary>
    Help,

    /// <summary>The version.</summary>
    Version,

    /// <summary>Nothing: there is no command on it.</summary>
    Nothing,
}

/// <summary>A parsed command line.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Topic">The command that it is about; null for the program.</param>
/// <param name="Invocation">The command to run, where that is asked for.</param>
internal sealed record ParsedLine(LineKind Kind, ICommand? Topic, Invocation? Invocation = null);
