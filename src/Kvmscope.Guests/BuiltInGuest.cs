using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests.Arm64;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>
/// A VM with a guest of some hundred bytes, which makes known exits. Its life: made, warmed up (every page touched, so that the
/// plan makes no exit of its own), started with a plan, ended. Each vCPU keeps one thread from its warm-up to its end.
/// </summary>
public sealed class BuiltInGuest : IDisposable
{
    private readonly GuestSupport support;
    private readonly BuiltInGuestOptions options;
    private readonly KvmDevice device;
    private readonly GuestMemory memory;
    private readonly KvmVm vm;
    private readonly List<GuestVcpu> vcpus = [];
    private readonly List<Thread> threads = [];
    private readonly ManualResetEventSlim go = new();
    private readonly CountdownEvent warm;
    private readonly CountdownEvent ended;
    private Exception? failure;
    private GuestPlan? plan;
    private Timer? deadline, wake;

    /// <summary>Makes the VM and its vCPUs; nothing runs yet.</summary>
    /// <param name="support">What this host gives.</param>
    /// <param name="options">What the VM is to have.</param>
    /// <exception cref="KvmscopeException">KVM is absent (status 3), not permitted (4), or refused something (1).</exception>
    public BuiltInGuest(GuestSupport support, BuiltInGuestOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Vcpus, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Vcpus, BuiltInGuestOptions.MaxVcpus);
        if (options.Nested && support.WhyNotNested is { } whyNot) throw new KvmscopeException(ExitStatus.Failed, whyNot);
        this.support = support;
        this.options = options;
        warm = new CountdownEvent(options.Vcpus);
        ended = new CountdownEvent(options.Vcpus);
        device = KvmDevice.Open();
        memory = new GuestMemory(options.Vcpus);
        vm = device.CreateVm();
        try
        {
            SetUp();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs all vCPUs up to the point where a plan begins. Returns when they are there.</summary>
    /// <exception cref="KvmscopeException">A vCPU failed.</exception>
    public void WarmUp()
    {
        SetDeadline();
        foreach (GuestVcpu vcpu in vcpus)
        {
            var thread = new Thread(() => RunVcpu(vcpu)) { IsBackground = true, Name = $"guest-vcpu{threads.Count}" };
            threads.Add(thread);
            thread.Start();
        }

        warm.Wait();
        deadline?.Dispose(); // the wait for a plan may be long
        ThrowFailure();
    }

    /// <summary>Lets all vCPUs do the plan, and returns at once. The time until the deadline starts again.</summary>
    /// <exception cref="ArgumentException">The plan is not one that this VM can do.</exception>
    public void Start(GuestPlan plan)
    {
        plan.Validate();
        if (plan.NeedsIrqchip != options.Irqchip && (plan.NeedsIrqchip || GuestPlan.CountOf(plan.Items, GuestWork.Hlt) > 0))
            throw new ArgumentException("Hlt is for a VM without, HltInKernel for one with interrupt controllers");
        if (plan.IsNested && !options.Nested) throw new ArgumentException("this VM was made without nesting");
        if (threads.Count == 0) WarmUp();
        this.plan = plan;
        for (int i = 0; i < vcpus.Count; i++) PutPlan(i, plan);
        SetDeadline();
        if (options.Irqchip) wake = new Timer(_ => vcpus.ForEach(v => v.Kick()), null, options.WakeEvery, options.WakeEvery);
        go.Set();
    }

    /// <summary>Waits until all vCPUs are at their end.</summary>
    /// <returns>What they did, all together; to be compared exactly (but see <see cref="GuestExpectations"/>).</returns>
    /// <exception cref="KvmscopeException">A vCPU failed, did something else, or was not through at the deadline.</exception>
    public IReadOnlyList<ExpectedExits> Wait()
    {
        GuestPlan done = plan ?? throw new InvalidOperationException("not started");
        ended.Wait();
        ThrowFailure();
        VmmCounts wanted = VmmCounts.Of(done);
        foreach (GuestVcpu vcpu in vcpus)
            if (!done.Repeat && vcpu.Counts != wanted)
                throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: did {vcpu.Counts}, not {wanted}");
        return Expected(done);
    }

    /// <summary>What a plan makes all vCPUs do, together.</summary>
    public IReadOnlyList<ExpectedExits> Expected(GuestPlan plan) =>
        [.. GuestExpectations.Of(plan, support).Select(e => e with { Count = e.Count * (ulong)vcpus.Count })];

    /// <summary>How many accesses to the slow ports the VMM made slow, on all vCPUs together; after <see cref="Wait"/>.</summary>
    public long SlowAccesses => options.SlowEvery == 0
        ? 0
        : vcpus.Sum(v => (v.Counts.Slow / options.SlowEvery) + (v.Counts.Spins / options.SlowEvery));

    /// <summary>The times of a vCPU's <see cref="GuestWork.CostBatch"/>es, in ticks of the guest's TSC, in order.</summary>
    public IReadOnlyList<ulong> BatchTicks(int vcpu)
    {
        long batches = plan is null ? 0 : GuestPlan.CountOf(plan.Items, GuestWork.CostBatch);
        return MemoryMarshal.Cast<byte, ulong>(memory.Block(vcpu)[GuestLayout.Results..])[..(int)batches].ToArray();
    }

    /// <summary>Ends the guest wherever it is, and gives all back.</summary>
    public void Dispose()
    {
        foreach (GuestVcpu vcpu in vcpus) vcpu.Stop(null);
        go.Set();
        foreach (Thread thread in threads) thread.Join();
        deadline?.Dispose();
        wake?.Dispose();
        foreach (GuestVcpu vcpu in vcpus) vcpu.Dispose();
        vm.Dispose();
        memory.Dispose();
        device.Dispose();
    }

    private void SetUp()
    {
        if (support.Isa == Isa.Arm64)
        {
            vm.SetMemory(memory.Address, memory.Size, ArmLayout.Ram);
            for (int i = 0; i < options.Vcpus; i++) vcpus.Add(new GuestVcpu(vm, i, memory.Block(i), [], support.Isa, options));
            vm.CreateGic(ArmLayout.GicDistributor, ArmLayout.GicRedistributors);
            return;
        }

        byte[] cpuid = new byte[8 + (KvmApi.CpuidEntries * 40)];
        device.GetSupportedCpuid(cpuid);
        vm.SetTssAddress(GuestLayout.TssAddress);
        if (options.Irqchip) vm.CreateIrqchip();
        vm.SetMemory(memory.Address, memory.Size);
        for (int i = 0; i < options.Vcpus; i++) vcpus.Add(new GuestVcpu(vm, i, memory.Block(i), cpuid, support.Isa, options));
    }

    private void PutPlan(int vcpu, GuestPlan plan)
    {
        if (support.Isa == Isa.Arm64) ArmBlock.PutPlan(memory.Block(vcpu), vcpu, plan);
        else GuestBlock.PutPlan(memory.Block(vcpu), plan, support.Isa);
    }

    private void RunVcpu(GuestVcpu vcpu)
    {
        bool isWarm = false;
        try
        {
            vcpu.Run(() =>
            {
                isWarm = true;
                warm.Signal();
                go.Wait();
            });
        }
        catch (KvmscopeException e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
        }
        finally
        {
            if (!isWarm) warm.Signal();
            ended.Signal();
        }
    }

    private void SetDeadline()
    {
        deadline?.Dispose();
        deadline = null;
        if (plan is { Repeat: true }) return;
        string reason = $"not at its end after {options.Deadline.TotalSeconds:0.#} s";
        deadline = new Timer(_ => vcpus.ForEach(v => v.Stop(reason)), null, options.Deadline, Timeout.InfiniteTimeSpan);
    }

    private void ThrowFailure()
    {
        if (failure is { } e) throw e;
    }
}

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
