using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Running;

namespace Kvmscope.Terminal;

/// <summary>All that a command sees of the world; tests have their own.</summary>
internal sealed record CommandContext
{
    /// <summary>The host; made when it is first needed, so that --help looks at nothing.</summary>
    public required Func<IHost> Host { get; init; }

    /// <summary>Files and processes, as far as .NET does not reach.</summary>
    public required IOperatingSystem System { get; init; }

    /// <summary>The built-in guest.</summary>
    public required Func<IDemoGuest> DemoGuest { get; init; }

    /// <summary>This process's pid, by which the built-in guest's VM is traced.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Where answers go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where errors and status lines go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>What <see cref="Out"/> is connected to.</summary>
    public required Screen Screen { get; init; }

    /// <summary>Whether somebody reads the status lines.</summary>
    public required bool ErrorIsTerminal { get; init; }

    /// <summary>Wall clock and CLOCK_MONOTONIC.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Makes what ends a trace: signals, and the command that it starts.</summary>
    public required Func<ITraceEnd> TraceEnd { get; init; }

    /// <summary>Writes an error or a note; names in it steer no terminal.</summary>
    public void Say(string text) => Error.WriteLine($"kvmscope: {ForeignText.CleanLines(text)}");

    /// <summary>Writes a status line where somebody reads along.</summary>
    public void Status(string line)
    {
        if (ErrorIsTerminal) Error.WriteLine(line);
    }
}
