using CsCheck;
using Kvmscope.Core;
using Kvmscope.Core.Captures;
using Kvmscope.Core.Model;

namespace Kvmscope.Interchange.Tests;

/// <summary>
/// Real captures with changed bytes, cut, and with parts doubled or removed: what comes out is an error that says where, or a sum that
/// holds together. KVMSCOPE_FUZZ sets how many of each.
/// </summary>
public sealed class FuzzTests
{
    private static readonly int s_runs =
        int.TryParse(Environment.GetEnvironmentVariable("KVMSCOPE_FUZZ"), out int runs) ? runs : 60;

    private static readonly Dictionary<string, byte[]> s_bytes = [];

    public static TheoryData<string> Captures() => new("svm61-all.data.gz", "svm61-z.data.gz", "svm61-stat.pipe.gz", "svm61-t7.dat.gz",
        "svm61-t6.dat.gz", "svm61-tracefs.txt.gz", "svm61-t7.txt.gz", "svm61-all.txt.gz", "08-odd-lines.txt");

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_changed_capture_is_an_error_or_a_sum_that_holds_together(string name)
    {
        byte[] whole;
        lock (s_bytes)
        {
            if (!s_bytes.TryGetValue(name, out whole!)) s_bytes.Add(name, whole = Captured.Bytes(name));
        }
        // Half of the changes are in the headers at the beginning.
        Gen<int> place = Gen.OneOf(Gen.Int[0, whole.Length - 1], Gen.Int[0, Math.Min(whole.Length, 1024) - 1]);
        Gen<byte> edge = Gen.Int[0, 4].Select(i => (byte)(new byte[] { 0, 1, 0x7f, 0x80, 0xff })[i]);
        Gen<(int At, byte To)[]> changes = Gen.Select(place, Gen.OneOf(Gen.Byte, edge)).Array[0, 12];
        Gen.Select(changes, Gen.OneOf(Gen.Const(whole.Length), place), Gen.Bool).Sample((changed, length, isPipe) =>
        {
            byte[] bytes = whole[..length];
            foreach ((int at, byte to) in changed)
                if (at < length) bytes[at] = to;
            try
            {
                Check(Captured.Import(CaptureFile.Open(isPipe ? new Pipe(bytes) : new MemoryStream(bytes))));
            }
            catch (KvmscopeException error)
            {
                Assert.True(error.Status is ExitStatus.Failed or ExitStatus.Usage);
                Assert.NotEmpty(error.Message);
            }
        }, iter: s_runs, threads: 1);
    }

    private static void Check(CaptureResult result)
    {
        Accounting trust = result.Trust;
        Assert.Equal(trust.Exits, result.Interval.Rows.Aggregate(0UL, (sum, row) => sum + row.Count));
        Assert.True(trust.Exits <= (ulong)result.Contents[CapturedKind.Exit]);
        Assert.Equal((ulong)result.Contents[CapturedKind.Exit], trust.Exits + trust.DroppedExits
            + Math.Min(trust.DuplicateEvents, (ulong)result.Contents[CapturedKind.Exit] - trust.Exits - trust.DroppedExits));
        foreach (Row row in result.Interval.Rows)
        {
            Assert.True(row.Timed <= row.Count);
            if (row.HasBins) Assert.Equal(row.Timed, row.Bins.Count);
        }
    }

    /// <summary>A stream that cannot seek, and gives little at once.</summary>
    internal sealed class Pipe(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 777));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 777)]);
    }
}
