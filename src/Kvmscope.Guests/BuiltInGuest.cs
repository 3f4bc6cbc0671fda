using System.Runtime.InteropServices;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests.Arm64;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>
/// A VM with a guest of a few hundred bytes, which makes known exits. It is created, warmed up (every page is touched, so that
/// the plan causes no exits for memory), started with a plan, and ended. Each vCPU has one thread from its warm-up to its end.
/// </summary>
public sealed class BuiltInGuest : IDisposable
{
    private readonly GuestSupport _support;
    private readonly BuiltInGuestOptions _options;
    private readonly KvmDevice _device;
    private readonly GuestMemory _memory;
    private readonly KvmVm _vm;
    private readonly List<GuestVcpu> _vcpus = [];
    private readonly List<Thread> _threads = [];
    private readonly ManualResetEventSlim _go = new();
    private readonly CountdownEvent _warm;
    private readonly CountdownEvent _ended;
    private Exception? _failure;
    private GuestPlan? _plan;
    private Timer? _deadline, _wake;

    /// <summary>Creates the VM and its vCPUs; nothing runs yet.</summary>
    /// <param name="support">What this host supports.</param>
    /// <param name="options">The options of the VM.</param>
    /// <exception cref="KvmscopeException">KVM is missing (status 3), not permitted (4), or refused something (1).</exception>
    public BuiltInGuest(GuestSupport support, BuiltInGuestOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Vcpus, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Vcpus, BuiltInGuestOptions.MaxVcpus);
        if (options.Nested && support.WhyNotNested is { } whyNot) throw new KvmscopeException(ExitStatus.Failed, whyNot);
        _support = support;
        _options = options;
        _warm = new CountdownEvent(options.Vcpus);
        _ended = new CountdownEvent(options.Vcpus);
        _device = KvmDevice.Open();
        _memory = new GuestMemory(options.Vcpus);
        _vm = _device.CreateVm();
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

    /// <summary>Runs all vCPUs up to the point where a plan begins, and returns when they have reached it.</summary>
    /// <exception cref="KvmscopeException">A vCPU failed.</exception>
    public void WarmUp()
    {
        SetDeadline();
        foreach (GuestVcpu vcpu in _vcpus)
        {
            var thread = new Thread(() => RunVcpu(vcpu)) { IsBackground = true, Name = $"guest-vcpu{_threads.Count}" };
            _threads.Add(thread);
            thread.Start();
        }

        _warm.Wait();
        _deadline?.Dispose(); // because the wait for a plan may be long
        ThrowFailure();
    }

    /// <summary>Lets all vCPUs run the plan, and returns at once. The time until the deadline starts again.</summary>
    /// <exception cref="ArgumentException">This VM cannot run the plan.</exception>
    public void Start(GuestPlan plan)
    {
        plan.Validate();
        if (plan.NeedsIrqchip != _options.Irqchip && (plan.NeedsIrqchip || GuestPlan.CountOf(plan.Items, GuestWork.Hlt) > 0))
            throw new ArgumentException("Hlt is for a VM without interrupt controllers, HltInKernel for one with them");
        if (plan.IsNested && !_options.Nested) throw new ArgumentException("this VM was made without nesting");
        if (_threads.Count == 0) WarmUp();
        _plan = plan;
        for (int i = 0; i < _vcpus.Count; i++) PutPlan(i, plan);
        SetDeadline();
        if (_options.Irqchip) _wake = new Timer(_ => _vcpus.ForEach(v => v.Kick()), null, _options.WakeEvery, _options.WakeEvery);
        _go.Set();
    }

    /// <summary>Waits until all vCPUs have ended.</summary>
    /// <returns>
    /// The exits that they made, all together, to be compared exactly (with the exceptions in <see cref="GuestExpectations"/>).
    /// </returns>
    /// <exception cref="KvmscopeException">A vCPU failed, did something else, or had not ended at the deadline.</exception>
    public IReadOnlyList<ExpectedExits> Wait()
    {
        GuestPlan done = _plan ?? throw new InvalidOperationException("not started");
        _ended.Wait();
        ThrowFailure();
        VmmCounts wanted = VmmCounts.Of(done);
        foreach (GuestVcpu vcpu in _vcpus)
            if (!done.Repeat && vcpu.Counts != wanted)
                throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: did {vcpu.Counts}, not {wanted}");
        return Expected(done);
    }

    /// <summary>The exits that a plan causes on all vCPUs together.</summary>
    public IReadOnlyList<ExpectedExits> Expected(GuestPlan plan) =>
        [.. GuestExpectations.Of(plan, _support).Select(e => e with { Count = e.Count * (ulong)_vcpus.Count })];

    /// <summary>The number of accesses to the slow ports that the VMM made slow, on all vCPUs together; after <see cref="Wait"/>.</summary>
    public long SlowAccesses => _options.SlowEvery == 0
        ? 0
        : _vcpus.Sum(v => (v.Counts.Slow / _options.SlowEvery) + (v.Counts.Spins / _options.SlowEvery));

    /// <summary>The times of a vCPU's <see cref="GuestWork.CostBatch"/>es, in ticks of the guest's TSC, in order.</summary>
    public IReadOnlyList<ulong> BatchTicks(int vcpu)
    {
        long batches = _plan is null ? 0 : GuestPlan.CountOf(_plan.Items, GuestWork.CostBatch);
        return MemoryMarshal.Cast<byte, ulong>(_memory.Block(vcpu)[GuestLayout.Results..])[..(int)batches].ToArray();
    }

    /// <summary>Ends the guest in any state, and frees everything.</summary>
    public void Dispose()
    {
        foreach (GuestVcpu vcpu in _vcpus) vcpu.Stop(null);
        _go.Set();
        foreach (Thread thread in _threads) thread.Join();
        _deadline?.Dispose();
        _wake?.Dispose();
        foreach (GuestVcpu vcpu in _vcpus) vcpu.Dispose();
        _vm.Dispose();
        _memory.Dispose();
        _device.Dispose();
    }

    private void SetUp()
    {
        if (_support.Isa == Isa.Arm64)
        {
            _vm.SetMemory(_memory.Address, _memory.Size, ArmLayout.Ram);
            for (int i = 0; i < _options.Vcpus; i++) _vcpus.Add(new GuestVcpu(_vm, i, _memory.Block(i), [], _support.Isa, _options));
            _vm.CreateGic(ArmLayout.GicDistributor, ArmLayout.GicRedistributors);
            return;
        }

        byte[] cpuid = new byte[8 + (KvmApi.CpuidEntries * 40)];
        _device.GetSupportedCpuid(cpuid);
        _vm.SetTssAddress(GuestLayout.TssAddress);
        if (_options.Irqchip) _vm.CreateIrqchip();
        _vm.SetMemory(_memory.Address, _memory.Size);
        for (int i = 0; i < _options.Vcpus; i++) _vcpus.Add(new GuestVcpu(_vm, i, _memory.Block(i), cpuid, _support.Isa, _options));
    }

    private void PutPlan(int vcpu, GuestPlan plan)
    {
        if (_support.Isa == Isa.Arm64) ArmBlock.PutPlan(_memory.Block(vcpu), vcpu, plan);
        else GuestBlock.PutPlan(_memory.Block(vcpu), plan, _support.Isa);
    }

    private void RunVcpu(GuestVcpu vcpu)
    {
        bool isWarm = false;
        try
        {
            vcpu.Run(() =>
            {
                isWarm = true;
                _warm.Signal();
                _go.Wait();
            });
        }
        catch (KvmscopeException e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
        finally
        {
            if (!isWarm) _warm.Signal();
            _ended.Signal();
        }
    }

    private void SetDeadline()
    {
        _deadline?.Dispose();
        _deadline = null;
        if (_plan is { Repeat: true }) return;
        string reason = $"not at its end after {_options.Deadline.TotalSeconds:0.#} s";
        _deadline = new Timer(_ => _vcpus.ForEach(v => v.Stop(reason)), null, _options.Deadline, Timeout.InfiniteTimeSpan);
    }

    private void ThrowFailure()
    {
        if (_failure is { } e) throw e;
    }
}

/// <summary>The options of a built-in guest.</summary>
public sealed record BuiltInGuestOptions
{
    /// <summary>The most vCPUs that a guest can have: each has 2 MB of guest memory, below the MMIO.</summary>
    public const int MaxVcpus = 256;

    /// <summary>The number of vCPUs; each runs in a thread of its own, and runs the whole plan.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Whether the kernel has the interrupt controllers, for <see cref="GuestWork.HltInKernel"/>.</summary>
    public bool Irqchip { get; init; }

    /// <summary>Whether the guest has VMX or SVM, for plans with a nested guest.</summary>
    public bool Nested { get; init; }

    /// <summary>Every n-th access of a vCPU to the slow ports is slow; 0: none.</summary>
    public int SlowEvery { get; init; }

    /// <summary>How long the VMM sleeps (<see cref="GuestWork.SlowPort"/>) or is busy (<see cref="GuestWork.PortSpin"/>) then.</summary>
    public TimeSpan SlowTime { get; init; }

    /// <summary>How often the VMM wakes vCPUs that halted in the kernel.</summary>
    public TimeSpan WakeEvery { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long a plan that does not repeat may take; then it is stopped.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(2);
}
