namespace Kvmscope.CommandLine;

/// <summary>One example in a command's help.</summary>
/// <param name="Line">The whole command line.</param>
/// <param name="Says">What it answers.</param>
internal sealed record CommandExample(string Line, string Says);
