namespace Kvmscope.Lab.Tests.Suite;

/// <summary>
/// kvmscope around <c>lab-suite latch</c>, which shows when everything is attached, and keeps the trace until it is told to end.
/// </summary>
internal sealed class Tracer : ChildProcess
{
    internal const string Attached = "attached";

    private bool _isAttached;

    internal Tracer(LabHost host, IEnumerable<string> arguments)
        : base(host.Kvmscope, [.. arguments, "--", host.Suite, "latch"])
    {
    }

    internal Tracer WaitAttached()
    {
        if (!_isAttached) WaitFor(Attached);
        _isAttached = true;
        return this;
    }

    /// <summary>Ends the trace, and returns what it printed.</summary>
    internal IReadOnlyList<string> Finish()
    {
        WriteLine();
        IReadOnlyList<string> lines = ReadRest();
        int status = WaitForEnd();
        if (status != 0) throw new SuiteFailure($"kvmscope exited with {status}: {Errors}");
        return lines;
    }

    /// <summary>Ends the trace, and returns its only answer.</summary>
    internal TracedAnswer FinishAnswer()
    {
        IReadOnlyList<string> lines = Finish();
        return lines is [var line]
            ? TracedAnswer.Parse(line)
            : throw new SuiteFailure($"expected one answer, got {lines.Count} lines: {string.Join(" | ", lines)}");
    }
}
