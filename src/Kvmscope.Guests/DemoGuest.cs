using System.Collections.Immutable;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

namespace Kvmscope.Guests;

/// <summary>The guest of <c>kvmscope demo</c>: each kind of exit a prime number of times, so that no two counts can be mixed up.</summary>
public sealed class DemoGuest : IDemoGuest, IDisposable
{
    private static readonly ImmutableArray<WorkItem> Work =
    [
        new(GuestWork.Cpuid, 1009), new(GuestWork.PortOut, 503), new(GuestWork.PortIn, 251), new(GuestWork.MmioWrite, 307),
        new(GuestWork.MmioRead, 101), new(GuestWork.MsrRead, 401), new(GuestWork.MsrWrite, 199), new(GuestWork.Hlt, 151),
        new(GuestWork.Hypercall, 83),
    ];

    private static readonly ImmutableArray<WorkItem> ArmWork =
    [
        new(GuestWork.Hypercall, 1009), new(GuestWork.SecureCall, 503), new(GuestWork.SystemRead, 401), new(GuestWork.SystemWrite, 199),
        new(GuestWork.Sgi, 127), new(GuestWork.MmioWrite, 307), new(GuestWork.MmioRead, 101), new(GuestWork.GicRead, 251),
        new(GuestWork.Fault, 83), new(GuestWork.Wfi, 61),
    ];

    private static readonly ImmutableArray<WorkItem> NestedWork =
        [new(GuestWork.Cpuid, 211), new(GuestWork.PortOut, 127), new(GuestWork.Hlt, 61), new(GuestWork.MsrRead, 31)];

    private readonly GuestSupport support;
    private readonly Lazy<string?> whyNot;
    private BuiltInGuest? guest;

    /// <summary>Looks at the host; makes nothing yet.</summary>
    public DemoGuest()
    {
        support = GuestSupport.OfThisHost();
        whyNot = new Lazy<string?>(Prepare);
    }

    /// <summary>Why this host cannot run it, one line, or null. Asked for the first time it makes the guest and warms it up, so ask before the trace begins.</summary>
    public string? WhyNot => whyNot.Value;

    /// <summary>Why this host cannot run the nested guest, one line, or null.</summary>
    public string? WhyNotNested => WhyNot ?? support.WhyNotNested;

    /// <inheritdoc/>
    public IReadOnlyList<ExpectedExits> Run(bool nested)
    {
        if ((nested ? WhyNotNested : WhyNot) is { } reason) throw new KvmscopeException(ExitStatus.Failed, reason);
        using BuiltInGuest running = guest ?? throw new InvalidOperationException("it ran already");
        guest = null;
        running.Start(new GuestPlan { Items = support.Isa == Isa.Arm64 ? ArmWork : Work, Nested = nested ? NestedWork : [] });
        return running.Wait();
    }

    /// <inheritdoc/>
    public void Dispose() => guest?.Dispose();

    private string? Prepare()
    {
        if (support.WhyNot is { } reason) return reason;
        BuiltInGuest? made = null;
        try
        {
            made = new BuiltInGuest(support, new BuiltInGuestOptions { Nested = support.WhyNotNested is null });
            made.WarmUp();
            guest = made;
            return null;
        }
        catch (KvmscopeException e)
        {
            made?.Dispose();
            return e.Message;
        }
    }
}
