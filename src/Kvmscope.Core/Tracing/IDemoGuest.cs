namespace Kvmscope.Core.Tracing;

/// <summary>A built-in guest that makes a known mix of exits.</summary>
public interface IDemoGuest
{
    /// <summary>Why this host cannot run it, one line, or null where it can.</summary>
    string? WhyNot { get; }

    /// <summary>Runs the guest to its end and returns what it did.</summary>
    /// <param name="nested">Also runs a guest in the guest, so that there are exits of L2.</param>
    /// <exception cref="KvmscopeException">The guest failed (status 1).</exception>
    IReadOnlyList<ExpectedExits> Run(bool nested);
}
