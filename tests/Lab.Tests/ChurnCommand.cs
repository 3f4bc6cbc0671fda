using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Core.Sources;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary><c>lab-suite churn</c>: VMs that come and go, one after another in one process.</summary>
internal static class ChurnCommand
{
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        int vms = int.Parse(arguments[0], CultureInfo.InvariantCulture);
        GuestArguments wanted = GuestArguments.Parse(arguments[1..]);
        GuestSupport support = GuestSupport.OfThisHost();
        if (support.WhyNot is { } whyNot) throw new KvmscopeException(ExitStatus.HostUnsupported, whyNot);
        Console.WriteLine("ready");
        if (wanted.Hold) Console.ReadLine();
        List<ExpectedExits> made = [];
        for (int i = 0; i < vms; i++)
        {
            using BuiltInGuest guest = new(support, wanted.Options);
            guest.Start(wanted.Plan);
            made.AddRange(guest.Wait());
        }
        Console.WriteLine(GuestCommand.Json(made, 0));
        if (wanted.Hold) Console.ReadLine();
        return 0;
    }
}
