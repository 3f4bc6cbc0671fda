namespace Kvmscope.CommandLine;

/// <summary>What was asked of an original tool's name.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Positional">EXIT_NO or MS as typed, or null.</param>
/// <param name="Excludes">The exit numbers of --excludes.</param>
/// <param name="WantsHelp">Only the synopsis.</param>
internal sealed record DropInRequest(DropIn Tool, string? Positional, IReadOnlyList<string> Excludes, bool WantsHelp = false);
