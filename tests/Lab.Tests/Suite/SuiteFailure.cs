namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A case failed: what was expected and what came.</summary>
internal sealed class SuiteFailure(string message) : Exception(message);
