using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests;
using Kvmscope.Guests.Kvm;

namespace Kvmscope.Lab.Tests.Odd;

/// <summary><c>lab-suite odd</c>: guests and VMMs that make sequences of exits and entries which ordinary ones do not make.</summary>
internal static class OddCommand
{
    private const ulong SvmShutdown = 0x7f, SvmErr = 0xffff_ffff, VmxTripleFault = 2, VmxFailedEntry = 0x8000_0021;

    /// <summary>One kind of odd guest.</summary>
    /// <param name="Make">Its VM.</param>
    /// <param name="Act">What it does after the warm-up; returns the exits that it made.</param>
    private sealed record Kind(Func<int, OddVm> Make, Func<OddVm, int, Isa, IEnumerable<ExpectedExits>> Act);

    private static readonly Dictionary<string, Kind> s_kinds = new()
    {
        ["rotate"] = new(_ => new OddVm(OddCode.Ports), Rotate),
        ["two-vcpus"] = new(_ => new OddVm(OddCode.Ports, vcpus: 2), InTurn),
        ["interrupted"] = new(_ => new OddVm(OddCode.Ports), Interrupted),
        ["kicked"] = new(_ => new OddVm(OddCode.Ports), Kicked),
        ["split-mmio"] = new(_ => new OddVm(OddCode.SplitMmio), SplitMmio),
        ["shutdown"] = new(_ => new OddVm(OddCode.TripleFault), ShutDown),
        ["failed-entry"] = new(_ => new OddVm(OddCode.Ports), FailEntry),
        ["deadline-timer"] = new(n => new OddVm(OddCode.DeadlineTimer((ushort)n), irqchip: true), DeadlineTimer),
    };

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments.Length < 2 || !s_kinds.TryGetValue(arguments[0], out Kind? kind)
            || !ushort.TryParse(arguments[1], out ushort times) || times == 0)
            throw new ArgumentException("odd needs a kind and a number");
        bool hold = arguments[2..] is ["hold"];
        GuestSupport support = GuestSupport.OfThisHost();
        if (support.WhyNot is { } why) throw new KvmscopeException(ExitStatus.HostUnsupported, why);
        using OddVm vm = kind.Make(times);
        foreach (KvmVcpu vcpu in vm.Vcpus) WarmUp(vcpu);
        if (hold)
        {
            Console.WriteLine("ready");
            Console.ReadLine();
        }

        Console.WriteLine(GuestCommand.Json(kind.Act(vm, times, support.Isa), slow: 0));
        if (hold) Console.ReadLine();
        return 0;
    }

    /// <summary>Runs to the first port access. MMIO is served, so that KVM knows its pages.</summary>
    private static void WarmUp(KvmVcpu vcpu) => ServeMmio(vcpu);

    /// <summary>Runs to the next port access. Returns the number of MMIO accesses.</summary>
    private static int ServeMmio(KvmVcpu vcpu)
    {
        int served = 0;
        while (true)
        {
            if (vcpu.Run() != 0) continue;
            if (vcpu.Area.ExitReason == KvmExitReason.Io) return served;
            if (vcpu.Area.ExitReason != KvmExitReason.Mmio) throw OddVm.Unexpected(vcpu);
            served++;
        }
    }

    /// <summary>Two threads run one vCPU in turns, each on a CPU of its own if there are two.</summary>
    private static List<ExpectedExits> Rotate(OddVm vm, int times, Isa isa)
    {
        using SemaphoreSlim first = new(1), second = new(0);
        KvmscopeException? failure = null;
        void Turns(SemaphoreSlim mine, SemaphoreSlim other, int cpu, int turns)
        {
            Pinning.ToCpu(cpu % Environment.ProcessorCount);
            for (int i = 0; i < turns; i++)
            {
                mine.Wait();
                try
                {
                    if (failure is null) OddVm.RunToPort(vm.Vcpus[0]);
                }
                catch (KvmscopeException e)
                {
                    failure = e;
                }

                other.Release();
            }
        }

        Thread[] threads = [new(() => Turns(first, second, 0, times - (times / 2))), new(() => Turns(second, first, 1, times / 2))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if (failure is { } e) throw e;
        return Ports(isa, times);
    }

    /// <summary>One thread runs two vCPUs in turns.</summary>
    private static List<ExpectedExits> InTurn(OddVm vm, int times, Isa isa)
    {
        for (int i = 0; i < times; i++)
            foreach (KvmVcpu vcpu in vm.Vcpus) OddVm.RunToPort(vcpu);
        return Ports(isa, times * vm.Vcpus.Count);
    }

    /// <summary>Between an exit and the next entry, three KVM_RUN return with EINTR, without an entry.</summary>
    private static List<ExpectedExits> Interrupted(OddVm vm, int times, Isa isa)
    {
        KvmVcpu vcpu = vm.Vcpus[0];
        for (int i = 0; i < times; i++)
        {
            vcpu.Area.ImmediateExit = 1;
            for (int j = 0; j < 3; j++)
                if (vcpu.Run() == 0) throw OddVm.Unexpected(vcpu);
            vcpu.Area.ImmediateExit = 0;
            OddVm.RunToPort(vcpu);
        }

        return Ports(isa, times);
    }

    /// <summary>KVM_RUN returns with EINTR so many times, and never enters.</summary>
    private static List<ExpectedExits> Kicked(OddVm vm, int times, Isa isa)
    {
        KvmVcpu vcpu = vm.Vcpus[0];
        vcpu.Area.ImmediateExit = 1;
        for (int i = 0; i < times; i++)
            if (vcpu.Run() == 0) throw OddVm.Unexpected(vcpu);
        vcpu.Area.ImmediateExit = 0;
        return [];
    }

    /// <summary>Each MMIO exit goes to the VMM twice, once per page.</summary>
    private static List<ExpectedExits> SplitMmio(OddVm vm, int times, Isa isa)
    {
        for (int i = 0; i < times; i++)
        {
            int served = ServeMmio(vm.Vcpus[0]);
            if (served != 2)
                throw new KvmscopeException(ExitStatus.Failed, $"odd guest: MMIO on two pages was served {served} times, not 2");
        }

        return [.. Ports(isa, times), Exits(isa, isa == Isa.Svm ? SvmCode.Npf : VmxCode.EptMisconfig, times)];
    }

    /// <summary>The guest ends; no entry follows. The number of times has no effect.</summary>
    private static List<ExpectedExits> ShutDown(OddVm vm, int times, Isa isa)
    {
        KvmVcpu vcpu = vm.Vcpus[0];
        while (vcpu.Run() != 0)
        {
        }

        if (vcpu.Area.ExitReason != KvmExitReason.Shutdown) throw OddVm.Unexpected(vcpu);
        return [Exits(isa, isa == Isa.Svm ? SvmShutdown : VmxTripleFault, 1)];
    }

    /// <summary>
    /// Ports, and then a state that the hardware refuses: a code segment that is 64-bit and 32-bit at once. KVM accepts that.
    /// </summary>
    private static List<ExpectedExits> FailEntry(OddVm vm, int times, Isa isa)
    {
        KvmVcpu vcpu = vm.Vcpus[0];
        for (int i = 0; i < times; i++) OddVm.RunToPort(vcpu);
        KvmSregs registers = vcpu.GetSpecialRegisters();
        registers.Cr0 |= GuestRegisters.Cr0;
        registers.Cr4 |= GuestRegisters.Cr4Pae;
        registers.Efer |= GuestRegisters.EferLongMode;
        registers.Cs.Type = 0xb;
        registers.Cs.L = registers.Cs.Db = 1;
        vcpu.SetSpecialRegisters(registers);
        while (vcpu.Run() != 0)
        {
        }

        if (vcpu.Area.ExitReason != KvmExitReason.FailEntry) throw OddVm.Unexpected(vcpu);
        return [.. Ports(isa, times), Exits(isa, isa == Isa.Svm ? SvmErr : VmxFailedEntry, 1)];
    }

    /// <summary>After each of these exits, kvm_intel up to 5.15 enters the guest again without kvm_entry.</summary>
    private static List<ExpectedExits> DeadlineTimer(OddVm vm, int times, Isa isa)
    {
        OddVm.RunToPort(vm.Vcpus[0]);
        return [.. Ports(isa, 1), Exits(isa, isa == Isa.Svm ? SvmCode.Msr : VmxCode.Wrmsr, times)];
    }

    private static List<ExpectedExits> Ports(Isa isa, int times) =>
        [Exits(isa, isa == Isa.Svm ? SvmCode.Ioio : VmxCode.IoInstruction, times)];

    private static ExpectedExits Exits(Isa isa, ulong code, int times) => new(isa, code, ExitLevel.L1, (ulong)times);
}
