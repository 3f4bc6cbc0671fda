namespace Kvmscope.Lab.Tests.Suite;

/// <summary>
/// A tracer with <c>--interval</c>, whose answers are added up. There is a sweep with each answer, so waiting for answers is waiting for
/// sweeps.
/// </summary>
internal sealed class Watch : IDisposable
{
    private readonly Tracer _tracer;
    private readonly List<TracedRow> _rows = [];
    private readonly SortedDictionary<string, ulong> _trust = [];

    internal Watch(LabHost host, string words) => _tracer = host.Trace(words + " --interval 50ms --format json").WaitAttached();

    /// <summary>All rows of all answers so far.</summary>
    internal IReadOnlyList<TracedRow> Rows => _rows;

    /// <summary>The sum of a trust counter; for open, the last value.</summary>
    internal ulong Accounting(string name) => _trust.GetValueOrDefault(name);

    /// <summary>Takes the available answers, and this number of new ones; the first of them may have begun before.</summary>
    internal void Take(int answers)
    {
        foreach (string line in _tracer.ReadAvailable()) Add(line);
        for (int i = 0; i < answers; i++) Add(_tracer.ReadLine() ?? throw new SuiteFailure($"the tracer ended: {_tracer.Errors}"));
    }

    internal void Finish()
    {
        foreach (string line in _tracer.Finish()) Add(line);
    }

    public void Dispose() => _tracer.Dispose();

    private void Add(string line)
    {
        TracedAnswer answer = TracedAnswer.Parse(line);
        _rows.AddRange(answer.Rows);
        foreach ((string name, ulong value) in answer.Accounting)
            _trust[name] = name == "open" ? value : _trust.GetValueOrDefault(name) + value;
    }
}
