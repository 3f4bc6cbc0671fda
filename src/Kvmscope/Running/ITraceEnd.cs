namespace Kvmscope.Running;

/// <summary>
/// What ends a trace before its time: Ctrl-C, SIGTERM, SIGHUP, or the end of the command that was started. Listens from its creation on.
/// </summary>
internal interface ITraceEnd : IDisposable
{
    /// <summary>Starts the command with this program's standard streams; the trace ends when it ends.</summary>
    /// <exception cref="Core.KvmscopeException">Not found (status 127) or not executable (status 126).</exception>
    void Start(IReadOnlyList<string> command);

    /// <summary>Waits for the end of the trace.</summary>
    /// <param name="timeout">How long; with zero or less it returns at once.</param>
    /// <returns>Whether the trace must end.</returns>
    bool Wait(TimeSpan timeout);

    /// <summary>Whether somebody pressed Ctrl-C, so that the terminal's cursor is after <c>^C</c>.</summary>
    bool Interrupted { get; }

    /// <summary>
    /// The exit status: 0 without a command; the command's own; 128 + the signal's number where a signal killed the command or ended the
    /// trace before it.
    /// </summary>
    int Status { get; }
}
