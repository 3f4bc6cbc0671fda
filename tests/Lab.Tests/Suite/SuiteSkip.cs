namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A case cannot be run here, and why.</summary>
internal sealed class SuiteSkip(string reason) : Exception(reason);
