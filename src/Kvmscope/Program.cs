using Kvmscope;
using Kvmscope.Running;
using Kvmscope.Terminal;
using Kvmscope.Terminal.Curses;

// Before any file is opened.
HostFactory.PrepareProcess();
var context = new CommandContext
{
    Host = HostFactory.Create,
    System = HostFactory.System,
    DemoGuest = HostFactory.CreateDemoGuest,
    ProcessId = Environment.ProcessId,
    IsPrivileged = Environment.IsPrivilegedProcess,
    Out = StandardStreams.Output(),
    Error = StandardStreams.Error(),
    Screen = Screen.OfStandardOutput(Environment.GetEnvironmentVariable, HostFactory.System.TerminalWidth),
    ErrorIsTerminal = !Console.IsErrorRedirected,
    Clock = TimeProvider.System,
    LiveTerminal = () => TerminalDescription.Prepare(Environment.GetEnvironmentVariable).Open,
    TraceEnd = () => new TraceEnd(HostFactory.System),
    Prepare = HostFactory.HeedLimits,
};
return Application.Run(Environment.GetCommandLineArgs()[0], args, context);
