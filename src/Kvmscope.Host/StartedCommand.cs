using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host;

/// <summary>
/// A child of this process, started by posix_spawn(3). System.Diagnostics.Process would start it with SIGPIPE ignored, as the runtime
/// ignores it, and would need the runtime's signal thread, which must not begin before privileges are dropped.
/// </summary>
internal sealed unsafe class StartedCommand : IStartedCommand
{
    private StartedCommand(int pid) => Pid = pid;

    /// <inheritdoc/>
    public int Pid { get; }

    /// <summary>Starts a program with this process's environment, folder and standard streams.</summary>
    /// <exception cref="Win32Exception">It cannot be executed.</exception>
    internal static StartedCommand Start(string path, IReadOnlyList<string> arguments)
    {
        // Otherwise the kernel keeps no exit status.
        Signals.Restore(Interop.Libc.SIGCHLD);
        var texts = new byte*[arguments.Count + 2];
        Interop.Libc.spawn_attributes attributes;
        Interop.Libc.posix_spawnattr_init(&attributes);
        try
        {
            texts[0] = Native(path);
            for (int i = 0; i < arguments.Count; i++) texts[i + 1] = Native(arguments[i]);
            var defaults = new Interop.Libc.sigset { first = Signals.Changed };
            Interop.Libc.posix_spawnattr_setsigdefault(&attributes, &defaults);
            Interop.Libc.posix_spawnattr_setflags(&attributes, Interop.Libc.POSIX_SPAWN_SETSIGDEF);
            int pid, error;
            fixed (byte** argv = texts)
                error = Interop.Libc.posix_spawn(&pid, texts[0], null, &attributes, argv, EnvironmentBlock);
            return error == 0 ? new StartedCommand(pid) : throw new Win32Exception(error, Interop.Errno.Text(error));
        }
        finally
        {
            Interop.Libc.posix_spawnattr_destroy(&attributes);
            foreach (byte* text in texts) NativeMemory.Free(text);
        }
    }

    /// <inheritdoc/>
    public int WaitForEnd()
    {
        Interop.Libc.child_info info;
        // It stays a zombie until this process ends, so its number stays its own.
        while (Interop.Libc.waitid(Interop.Libc.P_PID, Pid, &info, Interop.Libc.WEXITED | Interop.Libc.WNOWAIT) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Interop.Errno.EINTR) throw new Win32Exception(error, $"waitid: {Interop.Errno.Text(error)}");
        }
        return info.si_code == Interop.Libc.CLD_EXITED ? info.si_status : 128 + info.si_status;
    }

    // As the kernel gave it: what .NET makes of it has lost what is not UTF-8.
    private static byte** EnvironmentBlock => *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

    private static byte* Native(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte* copy = (byte*)NativeMemory.Alloc((nuint)length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(copy, length));
        copy[length] = 0;
        return copy;
    }
}
