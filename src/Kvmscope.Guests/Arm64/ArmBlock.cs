using System.Buffers.Binary;

namespace Kvmscope.Guests.Arm64;

/// <summary>Fills a vCPU's block of guest memory on arm64.</summary>
internal static class ArmBlock
{
    private const uint PsciVersion = 0x8400_0000;
    private const uint WfiMicroseconds = 5000;

    /// <summary>The assembled guest-arm64.S, which begins with the offset of its start.</summary>
    private static readonly byte[] s_code = GuestImage.Read("guest-arm64.bin");

    /// <summary>The address of a vCPU's block.</summary>
    internal static ulong Physical(int vcpu) => ArmLayout.Ram + GuestMemory.PhysicalBase(vcpu);

    /// <summary>Where a vCPU starts.</summary>
    internal static ulong Entry(int vcpu) => Physical(vcpu) + GuestLayout.Code + BinaryPrimitives.ReadUInt32LittleEndian(s_code);

    /// <summary>Code and parameters.</summary>
    internal static void Fill(Span<byte> block, int vcpu)
    {
        s_code.CopyTo(block[GuestLayout.Code..]);
        GuestBytes.Put(block, GuestLayout.NextResult, Physical(vcpu) + GuestLayout.Results);
        GuestBytes.Put(block, ArmLayout.NextFault, Physical(vcpu) + ArmLayout.Faults);
        PutWarmUp(block, vcpu);
    }

    /// <summary>Writes the plan to where the guest reads it after its warm-up.</summary>
    internal static void PutPlan(Span<byte> block, int vcpu, GuestPlan plan)
    {
        if (plan.IsNested) throw new ArgumentException("there is no nested guest on arm64");
        int at = PutWarmUp(block, vcpu);
        int start = at;
        foreach (WorkItem item in plan.Items) Put(block, ref at, item);
        if (plan.Repeat) Put(block, ref at, ArmOperation.Repeat, (uint)start, 1);
        else Put(block, ref at, ArmOperation.Stop, ArmLayout.Stop, 1);
    }

    private static int PutWarmUp(Span<byte> block, int vcpu)
    {
        int at = GuestLayout.Plan;
        Put(block, ref at, ArmOperation.Touch, 0, GuestLayout.End / 4096);
        uint redistributor = ArmLayout.GicRedistributors + ((uint)vcpu * ArmLayout.RedistributorSize) + ArmLayout.RedistributorFrame;
        Put(block, ref at, ArmOperation.GicInit, redistributor, 1, ArmLayout.GicDistributor);
        Put(block, ref at, ArmOperation.MmioWrite, ArmLayout.Mmio, 1);
        return at;
    }

    private static void Put(Span<byte> block, ref int at, WorkItem item)
    {
        uint page = ArmLayout.Mmio + ((item.Argument ?? 0) * 4096);
        (ArmOperation operation, uint argument) = item.Work switch
        {
            GuestWork.Hypercall => (ArmOperation.Hvc, item.Argument ?? PsciVersion),
            GuestWork.SecureCall => (ArmOperation.Smc, item.Argument ?? PsciVersion),
            GuestWork.SystemRead => (ArmOperation.SystemRead, 0u),
            GuestWork.SystemWrite => (ArmOperation.SystemWrite, 0u),
            GuestWork.Sgi => (ArmOperation.Sgi, 0u),
            GuestWork.Wfi => (ArmOperation.Wfi, item.Argument ?? WfiMicroseconds),
            GuestWork.MmioWrite => (ArmOperation.MmioWrite, page),
            GuestWork.MmioRead => (ArmOperation.MmioRead, page),
            GuestWork.GicRead => (ArmOperation.MmioRead, ArmLayout.GicType),
            GuestWork.SlowPort => (ArmOperation.MmioWrite, ArmLayout.Slow),
            GuestWork.PortSpin => (ArmOperation.MmioWrite, ArmLayout.Spin),
            GuestWork.Fault => (ArmOperation.Fault, 0u),
            GuestWork.Spin => (ArmOperation.Spin, 0u),
            GuestWork.CostBatch => (ArmOperation.Cost, 0u),
            _ => throw new ArgumentException($"{item.Work} is not for arm64"),
        };
        Put(block, ref at, operation, argument, item.Count);
    }

    private static void Put(Span<byte> block, ref int at, ArmOperation operation, uint argument, int count, uint second = 0) =>
        GuestBytes.PutStep(block, ref at, (uint)operation, argument, count, second);
}

/// <summary>The operations of guest-arm64.S, in the order of its table.</summary>
internal enum ArmOperation : uint
{
    Stop,
    Repeat,
    Hvc,
    Smc,
    MmioWrite,
    MmioRead,
    SystemRead,
    SystemWrite,
    Sgi,
    Wfi,
    Fault,
    Spin,
    Touch,
    Cost,
    GicInit,
}
