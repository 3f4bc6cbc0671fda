using System.Globalization;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Captures;

/// <summary>A vCPU as one thread of a capture ran it: of fixed size, whatever the number of events.</summary>
internal sealed class CaptureVcpu
{
    /// <summary>Its number in <see cref="Sources.EventPairing"/>.</summary>
    internal int Number;

    /// <summary>Its id, <see cref="GroupKey.None"/> where not known yet.</summary>
    internal int Id;

    /// <summary>The last exit or entry.</summary>
    internal CapturedEvent Last;

    /// <summary>The open exit.</summary>
    internal CapturedEvent Exit;

    internal QualifierStage Stage;

    /// <summary>Whether L2 runs next.</summary>
    internal bool EntersL2;
}

/// <summary>A thread of a capture, and the vCPUs that it ran: nearly always one.</summary>
internal sealed class CaptureThread(VmIdentity vm, int pid)
{
    private readonly List<CaptureVcpu> _vcpus = [];

    internal VmIdentity Vm { get; } = vm;

    internal int Pid { get; } = pid;

    /// <summary>The vCPU that it runs now; null before the first.</summary>
    internal CaptureVcpu? Current { get; private set; }

    internal IReadOnlyList<CaptureVcpu> Vcpus => _vcpus;

    /// <summary>The vCPU of an event, if the thread has it; <paramref name="id"/> may be unknown.</summary>
    internal CaptureVcpu? Find(int id)
    {
        if (id < 0 || Current is null || Current.Id == id || Current.Id < 0) return Current;
        Current = null;
        foreach (CaptureVcpu vcpu in _vcpus)
            if (vcpu.Id == id) Current = vcpu;
        return Current;
    }

    internal CaptureVcpu Add(CaptureVcpu vcpu)
    {
        _vcpus.Add(vcpu);
        return Current = vcpu;
    }
}

/// <summary>
/// The VMs of a capture: one per process where the capture tells the process, else one per thread, as nothing says which threads belong
/// together.
/// </summary>
internal sealed class CaptureVms
{
    // The name of a task that the tracer did not know.
    private const string NoName = "<...>";

    private readonly Dictionary<int, VmIdentity> _byPid = [];
    private int _next;

    /// <summary>The VM of a thread that is new.</summary>
    /// <param name="pid">Its process; negative where not known.</param>
    /// <param name="tid">The thread.</param>
    /// <param name="name">The name of the process or thread; null where not known.</param>
    internal VmIdentity Of(int pid, int tid, string? name)
    {
        if (tid < 0 && pid < 0) return new VmIdentity(_next++, VmIdentity.SeveralPids, "unknown threads");
        if (pid < 0) return new VmIdentity(_next++, VmIdentity.SeveralPids, Named(name, tid, "thread"));
        if (_byPid.TryGetValue(pid, out VmIdentity? vm)) return vm;
        vm = new VmIdentity(_next++, pid, Named(name, pid, "process"));
        _byPid.Add(pid, vm);
        return vm;
    }

    /// <summary>Forgets a process of which no thread is left.</summary>
    internal void Forget(int pid) => _byPid.Remove(pid);

    private static string Named(string? name, int number, string kind) => name is { Length: > 0 } and not NoName
        ? string.Create(CultureInfo.InvariantCulture, $"{name}-{number}")
        : string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");
}
