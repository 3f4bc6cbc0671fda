using Kvmscope.Core;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary><c>lab-suite demo</c>.</summary>
internal static class DemoCommand
{
    internal static int Run(bool nested)
    {
        using var guest = new DemoGuest();
        if ((nested ? guest.WhyNotNested : guest.WhyNot) is { } reason) throw new KvmscopeException(ExitStatus.HostUnsupported, reason);
        Console.WriteLine("ready");
        Console.ReadLine();
        Console.WriteLine(GuestCommand.Json(guest.Run(nested), slow: 0));
        return 0;
    }
}
