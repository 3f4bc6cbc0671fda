using System.Runtime.CompilerServices;

namespace Kvmscope.Host.Privileges;

/// <summary>
/// Gives up the privileges that the process no longer needs once it is attached (docs/decisions/0004-privileges.md).
/// The kernel keeps capabilities per thread, and a .NET process has threads that its code does not run on. So root changes
/// its user id through glibc, which does that on every thread and so clears every capability. In a process that got
/// capabilities from its file, the calling thread and the finalizer's thread drop theirs, and the report says which threads did not.
/// </summary>
public static class CapabilityDropper
{
    /// <summary>
    /// The user that root becomes where it exists; otherwise "nobody" of the kernel (overflowuid), whose other processes can signal this
    /// one.
    /// </summary>
    private const string OwnUser = "kvmscope";
    private const uint Nobody = 65534;

    /// <summary>
    /// Drops all capabilities except these, from the effective, permitted, inheritable and ambient sets, and prevents exec
    /// from giving new ones. This cannot be undone. Call it after attach, after all files are open, and after any command was
    /// started (a command must run with the privileges of its user); before signal handlers, timers and tasks, so that
    /// their threads start without capabilities. A root process is the user "kvmscope" or 65534 afterwards: it can read what everybody can
    /// read, but can signal a child of root only if <see cref="Capability.Kill"/> is kept.
    /// </summary>
    /// <param name="kept">
    /// What the calling thread keeps, and threads that it starts from now on inherit. SYS_PTRACE is equivalent to root: keep it only for a
    /// good reason.
    /// </param>
    /// <returns>What is still held, read back from the kernel.</returns>
    public static DropReport DropAllBut(params ReadOnlySpan<Capability> kept)
    {
        // Opened now: as another user it may be out of reach, below a root folder of mode 0700.
        using var threads = new ThreadStatuses();
        CapabilitySet keep = CapabilitySet.Of(kept).And(CapabilitySet.Permitted);
        if (HasRootId()) BecomeOther(keep);
        DropOnThisThread(keep);
        DropOnFinalizerThread();
        CapabilitySet left = CapabilitySet.Permitted;
        (IReadOnlyList<int>? holders, bool isRoot) = threads.FindHolders(keep);
        return new DropReport(left, new CapabilitySet(left.Bits & ~keep.Bits), holders, isRoot || HasRootId());
    }

    private static unsafe bool HasRootId()
    {
        uint real, effective, saved;
        return Interop.Libc.getresuid(&real, &effective, &saved) == 0 && (real == 0 || effective == 0 || saved == 0);
    }

    /// <summary>
    /// Changes user and group on all threads. If that is refused (a user namespace without that id, a container without CAP_SETUID), the
    /// report shows it.
    /// </summary>
    private static unsafe void BecomeOther(CapabilitySet keep)
    {
        (uint user, uint group) = UserIds.Of(OwnUser) ?? (Nobody, Nobody);
        // For this thread only: all others lose all capabilities with the user id.
        if (!keep.IsEmpty) Interop.Libc.prctl_privileges(Interop.Libc.PR_SET_KEEPCAPS, 1, 0, 0, 0);
        Interop.Libc.setgroups(0, null);
        Interop.Libc.setresgid(group, group, group);
        Interop.Libc.setresuid(user, user, user);
    }

    // What is refused here is in the report, as it is read back.
    private static unsafe void DropOnThisThread(CapabilitySet keep)
    {
        var header = new Interop.Libc.cap_user_header { version = Interop.Libc._LINUX_CAPABILITY_VERSION_3 };
        Interop.Libc.cap_user_data* data = stackalloc Interop.Libc.cap_user_data[2];
        data[0] = new() { effective = (uint)keep.Bits, permitted = (uint)keep.Bits };
        data[1] = new() { effective = (uint)(keep.Bits >> 32), permitted = (uint)(keep.Bits >> 32) };
        Interop.Libc.capset(&header, data);
        Interop.Libc.prctl_privileges(Interop.Libc.PR_CAP_AMBIENT, Interop.Libc.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        Interop.Libc.prctl_privileges(Interop.Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }

    // The finalizer's thread is the only one of the runtime that can be made to run code.
    private static void DropOnFinalizerThread()
    {
        Abandon();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    // A separate frame, so that no stack slot keeps the object alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon() => _ = new Dropping();

    private sealed class Dropping
    {
        ~Dropping()
        {
            DropOnThisThread(default);
        }
    }
}

/// <summary>What a process still holds after <see cref="CapabilityDropper.DropAllBut"/>, read back from the kernel.</summary>
/// <param name="Kept">The permitted set of the thread that dropped.</param>
/// <param name="Unwanted">What of it was not to be kept.</param>
/// <param name="ThreadsHolding">
/// Other threads that still hold a capability that was not to be kept, or are root, by thread id; null where it cannot be read.
/// </param>
/// <param name="IsRoot">Whether a thread still has the user id 0.</param>
public sealed record DropReport(CapabilitySet Kept, CapabilitySet Unwanted, IReadOnlyList<int>? ThreadsHolding, bool IsRoot)
{
    /// <summary>What could not be dropped, in words; null where all of it was.</summary>
    public string? Problem()
    {
        List<string> parts = [];
        if (IsRoot) parts.Add("it is still root (user 0)");
        if (!Unwanted.IsEmpty) parts.Add($"it still has {string.Join(", ", Unwanted.Names())}");
        if (ThreadsHolding is null) parts.Add("what its threads hold cannot be read");
        else if (!IsRoot && ThreadsHolding.Count == 1) parts.Add("1 thread still has capabilities");
        else if (!IsRoot && ThreadsHolding.Count > 1) parts.Add($"{ThreadsHolding.Count} threads still have capabilities");
        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
