using System.Runtime.InteropServices;
using Kvmscope.Core;

namespace Kvmscope.Server.Listening;

/// <summary>The host's OpenSSL, which TLS is done with.</summary>
internal static class OpenSsl
{
    private static readonly string[] s_libraries = ["libssl.so.3", "libssl.so.1.1"];

    /// <summary>Looks for it before it is used: .NET ends the process where it is not there.</summary>
    /// <exception cref="KvmscopeException">There is none (status 1).</exception>
    public static void Ensure()
    {
        if (!Array.Exists(s_libraries, Has))
        {
            throw new KvmscopeException(ExitStatus.Failed, "TLS needs OpenSSL on this host (libssl 1.1 or 3), and there is none",
                "Install it, or put a proxy with TLS before it.");
        }
    }

    private static bool Has(string library)
    {
        if (!NativeLibrary.TryLoad(library, out nint handle)) return false;
        NativeLibrary.Free(handle);
        return true;
    }
}
