namespace Kvmscope.Lab.Tests.Suite;

/// <summary>One case of the suite.</summary>
/// <param name="Name"><c>group/what-it-shows</c>.</param>
/// <param name="Body">Throws <see cref="SuiteFailure"/> or <see cref="SuiteSkip"/>.</param>
/// <param name="OnlyByName">It needs a lab of its own, and runs only if it is named.</param>
internal sealed record Case(string Name, Action<LabHost> Body, bool OnlyByName = false);
