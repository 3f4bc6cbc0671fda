using Kvmscope.Core.Sources;

namespace Kvmscope.Tests.Fakes;

/// <summary>A built-in guest that returns given counts.</summary>
internal sealed class FakeGuest : IDemoGuest
{
    public string? WhyNot { get; init; }

    public string? WhyNotNested { get; init; }

    public IReadOnlyList<ExpectedExits> Did { get; init; } = [];

    /// <summary>Called when it runs: time passes.</summary>
    public Action? Running { get; init; }

    public bool? Nested { get; private set; }

    public IReadOnlyList<ExpectedExits> Run(bool nested)
    {
        Nested = nested;
        Running?.Invoke();
        return Did;
    }
}
