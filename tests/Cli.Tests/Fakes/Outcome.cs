namespace Kvmscope.Tests.Fakes;

/// <summary>The result of a command line.</summary>
internal sealed record Outcome(int Status, string Out, string Error);
