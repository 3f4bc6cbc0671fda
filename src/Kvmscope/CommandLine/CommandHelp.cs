namespace Kvmscope.CommandLine;

/// <summary>What is said about a command: the one source of its --help and of the man page.</summary>
/// <param name="Name">The verb.</param>
/// <param name="Arguments">The synopsis after the name, without "kvmscope NAME".</param>
/// <param name="Summary">One line for the list of commands, no trailing period.</param>
/// <param name="Description">One paragraph.</param>
/// <param name="Examples">Command lines that work, with what they answer.</param>
internal sealed record CommandHelp(string Name, string Arguments, string Summary, string Description, IReadOnlyList<CommandExample> Examples);
