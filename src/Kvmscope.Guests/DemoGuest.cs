using System.Collections.Immutable;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests.Arm64;

namespace Kvmscope.Guests;

/// <summary>
/// The guest of <c>kvmscope demo</c>: each kind of exit a prime number of times, so that no count can be confused with another.
/// </summary>
public sealed class DemoGuest : IDemoGuest, IDisposable
{
    private static readonly ImmutableArray<WorkItem> s_work =
    [
        new(GuestWork.Cpuid, 1009), new(GuestWork.PortOut, 503), new(GuestWork.PortIn, 251), new(GuestWork.MmioWrite, 307),
        new(GuestWork.MmioRead, 101), new(GuestWork.MsrRead, 401), new(GuestWork.MsrWrite, 199), new(GuestWork.Hlt, 151),
        new(GuestWork.Hypercall, 83),
    ];

    private static readonly ImmutableArray<WorkItem> s_armWork =
    [
        new(GuestWork.Hypercall, 1009), new(GuestWork.SecureCall, 503), new(GuestWork.SystemRead, 401), new(GuestWork.SystemWrite, 199),
        new(GuestWork.Sgi, 127), new(GuestWork.MmioWrite, 307), new(GuestWork.MmioRead, 101), new(GuestWork.GicRead, 251),
        new(GuestWork.Fault, 83), new(GuestWork.Wfi, 61),
    ];

    private static readonly ImmutableArray<WorkItem> s_nestedWork =
        [new(GuestWork.Cpuid, 211), new(GuestWork.PortOut, 127), new(GuestWork.Hlt, 61), new(GuestWork.MsrRead, 31)];

    private readonly GuestSupport _support;
    private readonly Lazy<string?> _whyNot;
    private BuiltInGuest? _guest;

    /// <summary>Checks the host; creates nothing yet.</summary>
    public DemoGuest()
    {
        _support = GuestSupport.OfThisHost();
        _whyNot = new Lazy<string?>(Prepare);
    }

    /// <summary>
    /// Why this host cannot run it, as one line, or null. The first use of this property creates the guest and warms it up, so use it
    /// before the trace begins.
    /// </summary>
    public string? WhyNot => _whyNot.Value;

    /// <summary>Why this host cannot run the nested guest, as one line, or null.</summary>
    public string? WhyNotNested => WhyNot ?? _support.WhyNotNested;

    /// <inheritdoc/>
    public IReadOnlyList<ExpectedExits> Run(bool nested)
    {
        if ((nested ? WhyNotNested : WhyNot) is { } reason) throw new KvmscopeException(ExitStatus.Failed, reason);
        using BuiltInGuest running = _guest ?? throw new InvalidOperationException("it ran already");
        _guest = null;
        running.Start(new GuestPlan { Items = _support.Isa == Isa.Arm64 ? s_armWork : s_work, Nested = nested ? s_nestedWork : [] });
        // Where an interrupt is pending, WFI may end at once without a trap (Arm DDI 0487, HCR_EL2.TWI), so the guest cannot know how many.
        return [.. running.Wait().Where(exits => exits.Isa != Isa.Arm64 || exits.Code != ArmCode.Wfx)];
    }

    /// <inheritdoc/>
    public void Dispose() => _guest?.Dispose();

    private string? Prepare()
    {
        if (_support.WhyNot is { } reason) return reason;
        BuiltInGuest? made = null;
        try
        {
            made = new BuiltInGuest(_support, new BuiltInGuestOptions { Nested = _support.WhyNotNested is null });
            made.WarmUp();
            _guest = made;
            return null;
        }
        catch (KvmscopeException e)
        {
            made?.Dispose();
            return e.Message;
        }
    }
}
