using System.IO.Compression;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>Captures of the test project, and what is made of them.</summary>
internal static class Captured
{
    /// <summary>The bytes of a capture; those of .gz unpacked.</summary>
    internal static byte[] Bytes(string name)
    {
        using Stream stream = typeof(Captured).Assembly.GetManifestResourceStream($"Captures/{name}")
            ?? throw new ArgumentException($"there is no capture {name}");
        using var copy = new MemoryStream();
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var unpacked = new GZipStream(stream, CompressionMode.Decompress);
            unpacked.CopyTo(copy);
        }
        else
        {
            stream.CopyTo(copy);
        }
        return copy.ToArray();
    }

    /// <summary>Imports all of it as one interval.</summary>
    internal static CaptureResult Import(ICaptureReader reader, CaptureOptions? options = null)
    {
        var contents = new CaptureContents();
        var sum = new IntervalSum(Grouping.Vcpu);
        List<SlowExit> slow = [];
        options ??= new CaptureOptions { WantNested = true, WantSplit = true };
        var pairing = new CapturePairing(options, reader.NameOf, interval =>
        {
            slow.AddRange(interval.Slow);
            sum.Add(interval);
        });
        CapturedEvent e = default;
        while (reader.Read(ref e))
        {
            contents.Add(e);
            pairing.Add(e);
        }
        pairing.End();
        return new CaptureResult(sum.ToInterval(), contents, reader.Facts, slow, pairing.Intervals);
    }
}

/// <summary>What was made of a capture.</summary>
internal sealed record CaptureResult(
    Interval Interval, CaptureContents Contents, CaptureFacts Facts, IReadOnlyList<SlowExit> Slow, long Intervals)
{
    internal Accounting Trust => Interval.Accounting;

    /// <summary>Counts by reason, as <c>NPF 3</c>, with <c>L2</c> where it is; in alphabetical order.</summary>
    internal string[] Counts() => [.. Interval.Rows.GroupBy(row => (Name: ExitReasons.Name(row.Key.Code), row.Key.Level))
        .OrderBy(g => g.Key.Name, StringComparer.Ordinal).ThenBy(g => g.Key.Level)
        .Select(g => $"{g.Key.Name}{(g.Key.Level == ExitLevel.L2 ? " L2" : "")} {g.Sum(row => (long)row.Count)}")];

    /// <summary>How many of each reason are timed, and their sum in ns.</summary>
    internal string[] Times() => [.. Interval.Rows.GroupBy(row => ExitReasons.Name(row.Key.Code))
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => $"{g.Key} {g.Sum(row => (long)row.Timed)} {g.Sum(row => (long)row.TotalNs)}")];

    internal string[] ByQualifier() => [.. Interval.Rows
        .GroupBy(row => $"{ExitReasons.Name(row.Key.Code)} {Qualifiers.Name(row.Key.Code, row.Key.Qualifier)}".TrimEnd())
        .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key}: {g.Sum(row => (long)row.Count)}")];
}
