using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Guests.Arm64;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Guests;

/// <summary>One vCPU of a built-in guest, and the part of the VMM that serves it in the vCPU's thread.</summary>
internal sealed class GuestVcpu : IDisposable
{
    /// <summary>A real-time signal that is used only here. It is blocked in the vCPU's thread, and only interrupts KVM_RUN.</summary>
    private const int KickSignal = 40;

    private const ulong KickSet = 1UL << (KickSignal - 1);

    private const uint FeatureControlMsr = 0x3a, HsavePhysicalAddressMsr = 0xc001_0117;
    private const ulong LockedVmxOutsideSmx = 0x5;

    private readonly KvmVcpu _vcpu;
    private readonly BuiltInGuestOptions _options;
    private readonly Lock _kick = new();
    private readonly ulong _mmio;
    private readonly bool _isArm;
    private int _tid;
    private bool _warm;
    private volatile bool _stopping;
    private string? _stopReason;

    internal GuestVcpu(KvmVm vm, int id, Span<byte> block, byte[] cpuid, Isa isa, BuiltInGuestOptions options)
    {
        _options = options;
        _isArm = isa == Isa.Arm64;
        _mmio = GuestLayout.Mmio + ((ulong)id * 4096);
        _vcpu = vm.CreateVcpu(id);
        try
        {
            if (_isArm)
            {
                ArmBlock.Fill(block, id);
                vm.Init(_vcpu, ArmBlock.Entry(id), ArmBlock.Physical(id));
                return;
            }

            _vcpu.SetCpuid(cpuid);
            SetUp(id, block, isa);
        }
        catch
        {
            _vcpu.Dispose();
            throw;
        }
    }

    /// <summary>What the VMM saw of the plan, to check the guest itself.</summary>
    internal VmmCounts Counts { get; private set; }

    /// <summary>Runs the guest in the calling thread to its end, or until it is stopped.</summary>
    /// <param name="afterWarmUp">Called once, after the warm-up; it returns when the guest may continue.</param>
    /// <exception cref="KvmscopeException">The guest failed, or was stopped for a reason.</exception>
    internal void Run(Action afterWarmUp)
    {
        BlockKickSignal();
        lock (_kick) _tid = Libc.GetThreadId();
        try
        {
            bool ended = false;
            while (!ended && !_stopping)
            {
                if (_vcpu.Run() != 0) Interrupted();
                else ended = Serve(afterWarmUp);
            }
        }
        finally
        {
            lock (_kick) _tid = 0;
        }

        if (_stopReason is { } reason) throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: {reason}");
    }

    /// <summary>Interrupts KVM_RUN from another thread, so that a halted vCPU wakes up.</summary>
    internal void Kick()
    {
        lock (_kick)
        {
            // The thread id cannot have been given to another thread: its owner takes the lock before it ends.
            if (_tid != 0) _ = Libc.SignalThread(Environment.ProcessId, _tid, KickSignal);
        }
    }

    /// <summary>Ends the run from another thread.</summary>
    /// <param name="reason">Why that is an error, or null if it is not an error.</param>
    internal void Stop(string? reason)
    {
        _stopReason ??= reason;
        _stopping = true;
        Kick();
    }

    /// <inheritdoc/>
    public void Dispose() => _vcpu.Dispose();

    private void SetUp(int id, Span<byte> block, Isa isa)
    {
        GuestBlock.Fill(block, id, _vcpu.GetMsr(GuestBlock.Msr));
        ulong physical = GuestMemory.PhysicalBase(id);
        ulong cr4 = GuestRegisters.Cr4Pae, efer = GuestRegisters.EferLongMode;
        if (_options.Nested && isa == Isa.Svm)
        {
            efer |= GuestRegisters.EferSvme;
            _vcpu.SetMsr(HsavePhysicalAddressMsr, physical + GuestLayout.SaveArea);
            Vmcb.Fill(block[GuestLayout.ControlBlock..], physical);
        }
        else if (_options.Nested && isa == Isa.Vmx)
        {
            cr4 |= GuestRegisters.Cr4Vmxe;
            _vcpu.SetMsr(FeatureControlMsr, LockedVmxOutsideSmx);
            VmcsFields.Fill(block, physical, cr4, _vcpu.GetMsr);
        }

        _vcpu.SetSpecialRegisters(GuestRegisters.Special(_vcpu.GetSpecialRegisters(), physical, cr4, efer));
        _vcpu.SetRegisters(GuestRegisters.General);
        // With interrupt controllers in the kernel, all vCPUs except the first wait for a start-up interrupt.
        if (_options.Irqchip) _vcpu.SetMpState(KvmApi.KVM_MP_STATE_RUNNABLE);
    }

    private unsafe void BlockKickSignal()
    {
        // glibc's set is 16 words; the kernel uses one.
        ulong* before = stackalloc ulong[16];
        ulong* kickSet = stackalloc ulong[16];
        new Span<ulong>(kickSet, 16).Clear();
        *kickSet = KickSet;
        _ = Libc.ThreadSignalMask(Libc.SIG_BLOCK, kickSet, before);
        _vcpu.SetSignalMask(*before & ~KickSet);
    }

    private unsafe void Interrupted()
    {
        ulong* kickSet = stackalloc ulong[16];
        new Span<ulong>(kickSet, 16).Clear();
        *kickSet = KickSet;
        long* now = stackalloc long[2];
        now[0] = now[1] = 0;
        while (Libc.TakeSignal(kickSet, null, now) > 0)
        {
        }

        if (_options.Irqchip && _vcpu.GetMpState() == KvmApi.KVM_MP_STATE_HALTED) _vcpu.SetMpState(KvmApi.KVM_MP_STATE_RUNNABLE);
    }

    /// <summary>Serves the exit for which KVM_RUN returned.</summary>
    /// <returns>Whether the guest has ended.</returns>
    private bool Serve(Action afterWarmUp)
    {
        ref KvmRunArea area = ref _vcpu.Area;
        switch (area.ExitReason)
        {
            case KvmExitReason.Io:
                return ServePort(area.IoPort);
            case KvmExitReason.Mmio when _isArm && area.MmioAddress == ArmLayout.Stop:
                return true;
            case KvmExitReason.Mmio when _isArm && area.MmioAddress is >= ArmLayout.Mmio and < ArmLayout.MmioEnd:
                if (!_warm || area.MmioAddress is not (ArmLayout.Slow or ArmLayout.Spin)) ServeMmio(ref area, afterWarmUp);
                else if (area.MmioAddress == ArmLayout.Slow) ServePort(GuestLayout.SlowPort);
                else ServePort(GuestLayout.SpinPort);
                return false;
            case KvmExitReason.Mmio
                when !_isArm && area.MmioAddress >= _mmio && area.MmioAddress < GuestLayout.Mmio + GuestLayout.BlockSize:
                ServeMmio(ref area, afterWarmUp);
                return false;
            case KvmExitReason.Halt:
                Counts = Counts with { Halts = Counts.Halts + 1 };
                return false;
            case KvmExitReason.Interrupted:
            case KvmExitReason.IrqWindowOpen:
                return false;
            default:
                throw new KvmscopeException(ExitStatus.Failed, "built-in guest: " + Describe(ref area));
        }
    }

    private unsafe void ServeMmio(ref KvmRunArea area, Action afterWarmUp)
    {
        if (!_warm)
        {
            _warm = true;
            afterWarmUp();
            return;
        }

        if (area.MmioIsWrite == 0)
            for (int i = 0; i < 8; i++) area.MmioData[i] = 0;
        Counts = Counts with { Mmio = Counts.Mmio + 1 };
    }

    private bool ServePort(ushort port)
    {
        switch (port)
        {
            case GuestLayout.StopPort:
                return true;
            case GuestLayout.FailPort:
                throw new KvmscopeException(
                    ExitStatus.Failed,
                    $"built-in guest: its L1 failed: 0x{BitConverter.ToUInt32(_vcpu.IoData):x} (SVM: exit code; VMX: reason or error)");
            case GuestLayout.OutPort:
                Counts = Counts with { Ports = Counts.Ports + 1 };
                return false;
            case GuestLayout.InPort:
                _vcpu.IoData.Clear();
                Counts = Counts with { Ports = Counts.Ports + 1 };
                return false;
            case GuestLayout.SlowPort:
                Counts = Counts with { Slow = Counts.Slow + 1 };
                if (IsSlow(Counts.Slow)) Thread.Sleep(_options.SlowTime);
                return false;
            case GuestLayout.SpinPort:
                Counts = Counts with { Spins = Counts.Spins + 1 };
                if (IsSlow(Counts.Spins)) BeBusy(_options.SlowTime);
                return false;
            case >= GuestLayout.FirstFreePort:
                _vcpu.IoData.Clear();
                Counts = Counts with { Ports = Counts.Ports + 1 };
                return false;
            default:
                throw new KvmscopeException(ExitStatus.Failed, $"built-in guest: an access to the unknown port 0x{port:x}");
        }
    }

    private bool IsSlow(long occurrence) => _options.SlowEvery > 0 && occurrence % _options.SlowEvery == 0;

    private static void BeBusy(TimeSpan time)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (System.Diagnostics.Stopwatch.GetElapsedTime(start) < time)
        {
        }
    }

    private static string Describe(ref KvmRunArea area) => area.ExitReason switch
    {
        KvmExitReason.FailEntry => $"VM entry failed, hardware reason 0x{area.HardwareEntryFailureReason:x}",
        KvmExitReason.InternalError => $"KVM gave up (KVM_EXIT_INTERNAL_ERROR, suberror {area.Suberror})",
        KvmExitReason.Shutdown => "it shut down (triple fault)",
        KvmExitReason.Mmio => $"an access to the unknown guest-physical address 0x{area.MmioAddress:x}",
        _ => $"KVM_RUN returned {area.ExitReason}, which is not expected",
    };
}
