using System.Text;
using System.Text.Json;
using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Sources;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary><c>lab-suite guest</c>.</summary>
internal static class GuestCommand
{
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        GuestArguments wanted = GuestArguments.Parse(arguments);
        GuestSupport support = GuestSupport.OfThisHost();
        if (support.WhyNot is { } whyNot && !wanted.AnyKvm) throw new KvmscopeException(ExitStatus.HostUnsupported, whyNot);
        List<BuiltInGuest> guests = [];
        try
        {
            for (int i = 0; i < wanted.Vms; i++) guests.Add(new BuiltInGuest(support, wanted.Options));
            foreach (BuiltInGuest guest in guests) guest.WarmUp();
            if (wanted.Hold) WaitForLine("ready");
            foreach (BuiltInGuest guest in guests) guest.Start(wanted.Plan);
            if (wanted.Plan.Repeat) Console.WriteLine("running");
            List<ExpectedExits> made = [];
            foreach (BuiltInGuest guest in guests) made.AddRange(guest.Wait());
            Console.WriteLine(Json(made, guests.Sum(g => g.SlowAccesses)));
            if (wanted.Hold) Console.ReadLine();
        }
        finally
        {
            guests.ForEach(g => g.Dispose());
        }

        return 0;
    }

    /// <summary>One object: <c>{"exits":[{"isa","code","level","count"}…],"slow":N}</c>, all VMs and vCPUs together.</summary>
    /// <param name="exits">The exits that the guests made.</param>
    /// <param name="slow">The number of port accesses that the VMM made slow.</param>
    internal static string Json(IEnumerable<ExpectedExits> exits, long slow)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("exits");
            foreach (var group in exits.GroupBy(e => (e.Level, e.Isa, e.Code)).OrderBy(g => g.Key))
            {
                json.WriteStartObject();
                json.WriteString("isa", group.Key.Isa switch { Isa.Vmx => "vmx", Isa.Svm => "svm", _ => "arm64" });
                json.WriteNumber("code", group.Key.Code);
                json.WriteNumber("level", (int)group.Key.Level);
                json.WriteNumber("count", group.Aggregate(0UL, (sum, e) => sum + e.Count));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("slow", slow);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WaitForLine(string prompt)
    {
        Console.WriteLine(prompt);
        Console.ReadLine();
    }
}
