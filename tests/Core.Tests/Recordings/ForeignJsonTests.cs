using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>JSON in a recording with a right checksum that kvmscope did not write.</summary>
public sealed class ForeignJsonTests
{
    private static byte[] With(string interval)
    {
        var bytes = new MemoryStream();
        var writer = new RecordingWriter(Tape.Header, part => bytes.Write(part.Span));
        writer.Begin();
        var member = new ArrayBufferWriter<byte>();
        Member.Write(member, new MemberHead(MemberKind.Interval, 0, 0, 0, 1, 0, 1, 2, 3), Encoding.UTF8.GetBytes(interval));
        bytes.Write(member.WrittenSpan);
        return bytes.ToArray();
    }

    [Fact]
    public void Members_that_are_not_known_are_passed_over()
    {
        Recording recording = Tape.Open(With("""
            {"later":{"a":[1,{"b":null}]},"rows":[{"vm_id":0,"new":[[]],"isa":"svm","code":114,"level":1,"count":5}],
            "vms":[{"vm_id":0,"vm":"x","vm_pid":7}]}
            """));
        Core.Model.Interval interval = recording.Sum(recording.All, Core.Model.Grouping.Vcpu).ToInterval();
        Core.Model.Row row = Assert.Single(interval.Rows);
        Assert.Equal((5UL, "x", 7), (row.Count, interval.VmOf(row.Key)!.Name, interval.VmOf(row.Key)!.Pid));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"rows\":{}}")]
    [InlineData("{\"rows\":[{\"count\":-1}]}")]
    [InlineData("{\"rows\":[{\"count\":1.5}]}")]
    [InlineData("{\"rows\":[{\"hist\":[[1]]}]}")]
    [InlineData("{\"rows\":[{\"hist\":[[1,2,3]]}]}")]
    [InlineData("{\"from\":\"yesterday\"}")]
    [InlineData("{\"intervals\":99999999999}")]
    [InlineData("{\"trust\":{\"exits\":\"many\"}}")]
    [InlineData("{")]
    [InlineData("\u0001")]
    public void What_is_not_understood_is_an_error(string json)
    {
        Recording recording = Tape.Open(With(json));
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => recording.Sum(recording.All, Core.Model.Grouping.Vcpu));
        Assert.Equal(ExitStatus.Failed, error.Status);
    }

    [Fact]
    public void Mutated_json_is_understood_or_an_error()
    {
        string good = Line();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Char, Gen.Int[0, 2]).Sample((at, c, how) =>
        {
            string made = how switch { 0 => good[..at] + c + good[(at + 1)..], 1 => good[..at], _ => good.Insert(at, c.ToString()) };
            try
            {
                Recording recording = Tape.Open(With(made.Length == 0 ? " " : made));
                Tape.Text(recording.Sum(recording.All, Core.Model.Grouping.Vcpu).ToInterval());
            }
            catch (KvmscopeException)
            {
            }
        }, iter: 3000, threads: 1);
    }

    private static string Line()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        Snapshot snapshot = new RandomTrace(41).Snapshots(2)[1];
        new IntervalJsonWriter(json)
            .Write(snapshot.Since(null, RandomTrace.Start, RandomTrace.StartNs) with { First = 0 }, MemberKind.Interval);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
