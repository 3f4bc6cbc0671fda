namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A case failed. The message has the expected and the actual value.</summary>
internal sealed class SuiteFailure(string message) : Exception(message);
