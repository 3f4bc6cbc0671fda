using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Sources;

/// <summary>The built-in guest: a VM of this process that makes a known mix of exits.</summary>
public interface IDemoGuest
{
    /// <summary>Why the guest cannot run here (no /dev/kvm, no permission, no vendor module), one line; null where it can.</summary>
    /// <remarks>Asked before the trace begins; the first call may make the guest and warm it up.</remarks>
    string? WhyNot { get; }

    /// <summary>Why a guest of the guest cannot run here, one line; null where it can.</summary>
    string? WhyNotNested { get; }

    /// <summary>Runs the guest to its end.</summary>
    /// <param name="nested">Also run a guest of the guest, whose exits are of level L2.</param>
    /// <returns>What the guest did: one entry per reason and level that it makes on purpose.</returns>
    /// <exception cref="KvmscopeException">The guest did not run to its end, or the host has no nested virtualization.</exception>
    IReadOnlyList<ExpectedExits> Run(bool nested);
}

/// <summary>What the built-in guest did: how many exits of one reason and level it counted itself.</summary>
/// <param name="Isa">What the code means.</param>
/// <param name="Code">The reason, raw.</param>
/// <param name="Level">L1 or L2.</param>
/// <param name="Count">How many exits the guest made.</param>
public sealed record ExpectedExits(Isa Isa, ulong Code, ExitLevel Level, ulong Count);
