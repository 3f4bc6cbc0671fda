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
