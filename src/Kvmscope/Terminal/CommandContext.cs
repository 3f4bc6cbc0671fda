using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Kvmscope.Live.Screen;
using Kvmscope.Running;

namespace Kvmscope.Terminal;

/// <summary>Everything outside the program that a command uses; tests have their own.</summary>
internal sealed record CommandContext
{
    /// <summary>The host; created when it is first needed, so that --help does not look at it.</summary>
    public required Func<IHost> Host { get; init; }

    /// <summary>What .NET cannot do with files and processes.</summary>
    public required IOperatingSystem System { get; init; }

    /// <summary>The built-in guest.</summary>
    public required Func<IDemoGuest> DemoGuest { get; init; }

    /// <summary>This process's pid, by which the built-in guest's VM is traced.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Whether this process is root's.</summary>
    public required bool IsPrivileged { get; init; }

    /// <summary>Where answers go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where errors and status lines go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>What <see cref="Out"/> is connected to.</summary>
    public required Screen Screen { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal, so that status lines are read.</summary>
    public required bool ErrorIsTerminal { get; init; }

    /// <summary>Wall clock and CLOCK_MONOTONIC.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Creates what ends a trace: signals, and the command that is started.</summary>
    public required Func<ITraceEnd> TraceEnd { get; init; }

    /// <summary>Called before anything else is done; it may throw a <see cref="Core.KvmscopeException"/>.</summary>
    public required Action Prepare { get; init; }

    /// <summary>
    /// Checks whether the terminal can be taken as a whole, and gives what takes it: the check is before anything else, and needs the
    /// user's files; taking it is last.
    /// </summary>
    public required Func<Func<ILiveTerminal>> LiveTerminal { get; init; }

    /// <summary>Writes an error or a note, as one line.</summary>
    public void Say(string text) => Tell($"kvmscope: {text}");

    /// <summary>Writes a line on <see cref="Error"/>. All lines there are written here: they may have foreign text.</summary>
    public void Tell(string line) => Error.WriteLine(ForeignText.Clean(line));

    /// <summary>Writes a status line if standard error is a terminal.</summary>
    public void Status(string line)
    {
        if (ErrorIsTerminal) Tell(line);
    }
}
