namespace Kvmscope.Tests.Fakes;

/// <summary>What came of a command line.</summary>
internal sealed record Outcome(int Status, string Out, string Error);
