using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Guests;

/// <summary>
/// A VM with a guest of some hundred bytes, which makes known exits. Its life: made, warmed up (every page touched, so that the
/// plan makes no exit of its own), started with a plan, ended. Each vCPU keeps one thread from its warm-up to its end.
/// </summary>
public sealed class BuiltInGuest : IDisposable
{
    readonly GuestSupport support;
    readonly BuiltInGuestOptions options;
    readonly KvmDevice device;
    readonly GuestMemory memory;
    readonly KvmVm vm;
    readonly List<GuestVcpu> vcpus = [];
    readonly List<Thread> threads = [];
    readonly ManualResetEventSlim go = new();
    readonly CountdownEvent warm;
    readonly CountdownEvent ended;
    Exception? failure;
    GuestPlan? plan;
    Timer? deadline, wake;

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

    void SetUp()
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

    void PutPlan(int vcpu, GuestPlan plan)
    {
        if (support.Isa == Isa.Arm64) ArmBlock.PutPlan(memory.Block(vcpu), vcpu, plan);
        else GuestBlock.PutPlan(memory.Block(vcpu), plan, support.Isa);
    }

    void RunVcpu(GuestVcpu vcpu)
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

    void SetDeadline()
    {
        deadline?.Dispose();
        deadline = null;
        if (plan is { Repeat: true }) return;
        string reason = $"not at its end after {options.Deadline.TotalSeconds:0.#} s";
        deadline = new Timer(_ => vcpus.ForEach(v => v.Stop(reason)), null, options.Deadline, Timeout.InfiniteTimeSpan);
    }

    void ThrowFailure()
    {
        if (failure is { } e) throw e;
    }
}
