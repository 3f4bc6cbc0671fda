using Kvmscope.Core.Captures;

namespace Kvmscope.Interchange;

/// <summary>Reads the events of a capture one by one, in constant memory.</summary>
internal interface ICaptureReader
{
    /// <summary>What is known of the capture so far.</summary>
    CaptureFacts Facts { get; }

    /// <summary>How many bytes of the input were read.</summary>
    long Position { get; }

    /// <summary>Reads the next event that is used; those of one thread come in the order of time.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="Core.KvmscopeException">It is damaged, and nothing more can be read (status 1).</exception>
    bool Read(ref CapturedEvent e);

    /// <summary>The name of a process, or where that is not known (negative) of a thread; null where none is known.</summary>
    string? NameOf(int pid, int tid);
}

/// <summary>What a capture says of itself, and what of it could not be read.</summary>
internal sealed class CaptureFacts
{
    /// <summary>What it is: <c>perf.data</c>, <c>trace.dat 7</c>, <c>text</c>.</summary>
    internal string Kind { get; set; } = "";

    internal string Host { get; set; } = "";

    internal string Kernel { get; set; } = "";

    internal string Cpu { get; set; } = "";

    internal int Cpus { get; set; }

    /// <summary>Wall-clock time at which its clock was 0; null where it does not say that.</summary>
    internal DateTimeOffset? Zero { get; set; }

    /// <summary>How many lines or records could not be read.</summary>
    internal long Skipped { get; private set; }

    /// <summary>The first of them: its place, and what is wrong.</summary>
    internal string? FirstSkipped { get; private set; }

    /// <summary>Events that are in it twice, as two events of the tracer wrote each of them; the second ones are left out.</summary>
    internal long LeftOut { get; set; }

    /// <summary>Events that came after newer ones had been used: their exits may lack their times.</summary>
    internal long Late { get; set; }

    /// <summary>Where it is cut off; null where it is whole.</summary>
    internal string? CutAt { get; set; }

    internal void Skip(FormattableString place)
    {
        Skipped++;
        FirstSkipped ??= FormattableString.Invariant(place);
    }
}
