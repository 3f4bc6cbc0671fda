using System.Runtime.InteropServices;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Bpf;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host.Tracing;

/// <summary>Reads slow exits from the ring buffer.</summary>
internal sealed unsafe class SlowExitReader : IDisposable
{
    // If exits are slow faster than they are read, a reading must end nevertheless.
    private const int MaxAtOnce = 4096;

    private readonly RingBufferHandle _ring;
    private readonly MappedTable<kvmscope_slot> _slots;
    private readonly VmDirectory _vms;
    private readonly bool _withParts;
    private readonly GCHandle _self;
    private Action<SlowExit>? _sink;
    private int _delivered;
    private Exception? _failure;

    internal SlowExitReader(int ringFd, MappedTable<kvmscope_slot> slots, VmDirectory vms, bool withParts)
    {
        _slots = slots;
        _vms = vms;
        _withParts = withParts;
        _self = GCHandle.Alloc(this);
        nint ring = Interop.Libbpf.ring_buffer__new(ringFd, &OnSample, GCHandle.ToIntPtr(_self), 0);
        int errno = Marshal.GetLastPInvokeError();
        _ring = new RingBufferHandle(ring);
        if (ring != 0) return;
        _self.Free();
        throw Errno.Error("cannot map the ring buffer of slow exits", errno);
    }

    /// <summary>Waits up to the timeout for the first slow exit, then passes on those that are there, a few thousand at most.</summary>
    internal int Read(TimeSpan timeout, Action<SlowExit> sink)
    {
        _sink = sink;
        _delivered = 0;
        int ms = (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue);
        int result = ms > 0 ? Interop.Libbpf.ring_buffer__poll(_ring, ms) : Interop.Libbpf.ring_buffer__consume(_ring);
        _sink = null;
        if (_failure is { } failure)
        {
            // An exception must not cross native frames: it was kept, and the reading ended.
            _failure = null;
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
        if (result < 0 && -result is not (Errno.EINTR or Errno.EAGAIN)) throw Errno.Error("cannot read slow exits", -result);
        return _delivered;
    }

    [UnmanagedCallersOnly]
    private static int OnSample(nint context, void* data, nuint size)
    {
        var reader = (SlowExitReader)GCHandle.FromIntPtr(context).Target!;
        if (size < (nuint)sizeof(kvmscope_slow)) return 0;
        try
        {
            reader.Deliver(*(kvmscope_slow*)data);
            // A negative result ends libbpf's loop; this event counts as read.
            return reader._delivered < MaxAtOnce ? 0 : -Errno.EINTR;
        }
        catch (Exception e)
        {
            reader._failure = e;
            return -Errno.EINTR;
        }
    }

    private void Deliver(in kvmscope_slow slow)
    {
        VmIdentity vm = slow.slot < _slots.Count && IsOf(slow, ref _slots[(int)slow.slot])
            ? _vms.Of((int)slow.slot) : _vms.OfProcess(slow.tgid);
        _sink?.Invoke(new SlowExit(
            MonotonicClock.ToWallClock((long)slow.end_ns), vm, (int)slow.vcpu_id, (int)slow.tid, (int)slow.cpu,
            (ExitLevel)slow.level, new ExitCode((Isa)slow.isa, slow.code), slow.duration_ns)
        {
            Qualifier = slow.qualifier_state == kvmscope_qualifier_state.KVMSCOPE_QUALIFIER_KNOWN
                ? Qualifier.Of(slow.qualifier)
                : Qualifier.None,
            Rip = slow.rip == 0 ? null : slow.rip,
            CpuAtExit = _withParts ? (int)slow.exit_cpu : null,
            Parts = _withParts ? PartsOf(slow) : null,
            RanInstead = TaskOf(slow),
        });
        _delivered++;
    }

    // The slot may belong to another vCPU by now; then only the process says which VM it was.
    private static bool IsOf(in kvmscope_slow slow, ref kvmscope_slot slot) =>
        slot.tgid == slow.tgid && slot.vcpu_id == slow.vcpu_id && slot.made_ns <= slow.end_ns;

    private static TimeParts PartsOf(in kvmscope_slow slow)
    {
        fixed (ulong* parts = slow.parts) return WallClock.PartsOf(parts, slow.duration_ns);
    }

    private static TaskIdentity? TaskOf(in kvmscope_slow slow)
    {
        fixed (byte* comm = slow.ran_comm)
        {
            if (*comm == 0) return null;
            var bytes = new ReadOnlySpan<byte>(comm, kvmscope_limits.KVMSCOPE_COMM_LENGTH);
            int end = bytes.IndexOf((byte)0);
            return new TaskIdentity((int)slow.ran_pid, Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]));
        }
    }

    /// <summary>Unmaps.</summary>
    public void Dispose()
    {
        _ring.Dispose();
        _self.Free();
    }
}
