using System.Globalization;
using Kvmscope;
using Kvmscope.Running;
using Kvmscope.ServeBench;
using Kvmscope.Terminal;

// serve-bench VMS VCPUS [OPTION...]: 'kvmscope serve' with these options, of a simulated host whose vCPUs make exits of ten reasons each
// second. What reads the tables, sums, keeps and serves is kvmscope's own; to simulate is a small part of what it takes.
if (args is not [string vms, string vcpus, ..])
{
    Console.Error.WriteLine("usage: serve-bench VMS VCPUS [OPTION...]");
    return 2;
}

var host = new ServeHost(int.Parse(vms, CultureInfo.InvariantCulture), int.Parse(vcpus, CultureInfo.InvariantCulture));
return Application.Run("kvmscope", ["serve", .. args[2..]], new CommandContext
{
    Host = () => host,
    System = HostFactory.System,
    DemoGuest = HostFactory.CreateDemoGuest,
    ProcessId = Environment.ProcessId,
    IsPrivileged = true,
    Out = Console.Out,
    Error = Console.Error,
    Screen = Screen.OfStandardOutput(_ => null, () => null),
    ErrorIsTerminal = false,
    Clock = TimeProvider.System,
    LiveTerminal = () => throw new NotSupportedException(),
    TraceEnd = () => new TraceEnd(HostFactory.System),
    Prepare = () => { },
});
