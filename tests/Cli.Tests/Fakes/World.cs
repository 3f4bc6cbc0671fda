using Kvmscope.Core.Sources;
using Kvmscope.Core.Tests;
using Kvmscope.Terminal;

namespace Kvmscope.Tests.Fakes;

/// <summary>Everything outside the program: a fake host, a fake clock, text writers. Runs command lines.</summary>
internal sealed class World
{
    // The process of web1, so that its rows are those of the built-in guest.
    private const int OwnPid = 4242;

    public World(FakeClock? clock = null)
    {
        Clock = clock ?? new FakeClock();
        Host = new FakeHost(Clock) { Log = Log };
        End = new FakeEnd(Clock, Log);
    }

    public FakeClock Clock { get; }

    public List<string> Log { get; } = [];

    public FakeHost Host { get; set; }

    public FakeEnd End { get; set; }

    public IOperatingSystem System { get; set; } = HostFactory.System;

    public FakeGuest Guest { get; set; } = new();

    public Screen Screen { get; set; } = new(IsTerminal: false, 80, AllowsColor: false, Unicode: true) { Columns = 80 };

    public bool ErrorIsTerminal { get; set; }

    public bool IsPrivileged { get; set; } = true;

    /// <summary>What <c>top</c> draws on; without one, a terminal whose user does nothing.</summary>
    public FakeTerminal? Terminal { get; set; }

    /// <summary>Where the output goes; null for into the outcome.</summary>
    public TextWriter? Out { get; set; }

    public Outcome Run(params string[] args) => RunAs("/usr/bin/kvmscope", args);

    public Outcome RunAs(string argv0, params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int status = Application.Run(argv0, args, Context(output, error));
        // Whatever a test asks for: answers are as the published schemas say.
        PublishedSchemas.CheckLines(output.ToString());
        return new Outcome(status, output.ToString(), error.ToString());
    }

    public CommandContext Context(TextWriter? output = null, TextWriter? error = null) => new()
    {
        Host = () => Host,
        System = System,
        DemoGuest = () => Guest,
        ProcessId = OwnPid,
        IsPrivileged = IsPrivileged,
        Out = Out ?? output ?? TextWriter.Null,
        Error = error ?? TextWriter.Null,
        Screen = Screen,
        ErrorIsTerminal = ErrorIsTerminal,
        Clock = Clock,
        LiveTerminal = () =>
        {
            Log.Add("terminal checked");
            return () =>
            {
                Log.Add("terminal taken");
                return Terminal ??= new FakeTerminal(Clock, Log);
            };
        },
        TraceEnd = () => End,
        Prepare = static () => { },
    };

    /// <summary>The options of the trace.</summary>
    public TraceOptions Asked => Host.Asked ?? throw new InvalidOperationException("nothing was traced");
}
