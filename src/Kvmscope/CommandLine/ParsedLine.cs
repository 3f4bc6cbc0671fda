namespace Kvmscope.CommandLine;

/// <summary>A parsed command line.</summary>
/// <param name="Kind">What it asks for.</param>
/// <param name="Topic">The command that it is about; null for the program.</param>
/// <param name="Invocation">The command to run, where that is asked for.</param>
internal sealed record ParsedLine(LineKind Kind, ICommand? Topic, Invocation? Invocation = null);
