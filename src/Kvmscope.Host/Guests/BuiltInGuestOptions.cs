namespace Kvmscope.Host.Guests;

/// <summary>What a built-in guest is made with.</summary>
public sealed record BuiltInGuestOptions
{
    /// <summary>vCPUs, at most: each has 2 MB of guest memory, below the place where the MMIO is.</summary>
    public const int MaxVcpus = 256;

    /// <summary>How many vCPUs; each runs in its own thread, and does the whole plan.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Interrupt controllers in the kernel, for <see cref="GuestWork.HltInKernel"/>.</summary>
    public bool Irqchip { get; init; }

    /// <summary>VMX or SVM for the guest, for plans with a nested guest.</summary>
    public bool Nested { get; init; }

    /// <summary>Which accesses to the slow ports are slow: each n-th of a vCPU; 0 for none.</summary>
    public int SlowEvery { get; init; }

    /// <summary>How long the VMM sleeps (<see cref="GuestWork.SlowPort"/>) or is busy (<see cref="GuestWork.PortSpin"/>) then.</summary>
    public TimeSpan SlowTime { get; init; }

    /// <summary>How often the VMM wakes vCPUs that halted in the kernel.</summary>
    public TimeSpan WakeEvery { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long a plan that does not repeat may take; it is broken off then.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(2);
}
