using CsCheck;
using Kvmscope.Core.Exits;
using Kvmscope.Server.Http;
using Kvmscope.Server.Requests;

namespace Kvmscope.Server.Tests;

public sealed class QueryTests
{
    private const int Cases = 2000;

    private static readonly Gen<string> s_text = Gen.Char.Where(c => !char.IsSurrogate(c)).Array[0, 12].Select(chars => new string(chars));

    private static readonly string[] s_pieces =
    [
        "from", "to", "=", "&", "%", "%2", "%41", "%ff", "%c3%a9", "+", "-", "1", "99999999999999999999", "s", "m", "h", "Z", "T", ":",
        "2026-03-01T14:05:30Z", "vm", "by", "reason", "with", "split", "HLT", "*", "MSR*", "[", "]", ",", "vcpu", "step", "kind", "hist",
        "columns", "qualifier", "\u00e9", "level", "l1", "rows", "top", "?", "#", ";", "null", "-1", "0", "min_ns", "points", "last_id",
    ];

    private static readonly Gen<string> s_piece = Gen.Int[0, s_pieces.Length - 1].Select(i => s_pieces[i]);

    [Fact]
    public void What_is_escaped_comes_out_as_it_was() =>
        Gen.Select(s_text, s_text).Array[0, 8].Sample(pairs =>
        {
            string text = "?" + string.Join('&', pairs.Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}"));
            Assert.Equal(pairs.Select(p => (p.Item1, p.Item2)), Query.Parse(text).All);
        }, iter: Cases);

    [Fact]
    public void Any_text_is_understood_or_a_problem()
    {
        using var served = new Served(seconds: 3);
        Gen.OneOf(s_piece, s_text).Array[0, 16].Sample(pieces =>
        {
            string text = string.Concat(pieces);
            foreach (Action<Query> read in new Action<Query>[]
            {
                q => TimeChoice.Read(q, served.History), q => ReportChoice.Read(q, served.Source), q => ExitChoice.Read(q, Isa.Vmx),
                q => q.Number("points", 0, 240, 30), q => q.Flag("idle"), q => q.Finish(),
            })
            {
                try
                {
                    read(Query.Parse(text));
                }
                catch (Problem problem)
                {
                    Assert.InRange(problem.Type.Status, 400, 404);
                    Assert.NotEqual(ProblemType.Internal, problem.Type);
                }
            }
        }, iter: Cases);
    }

    [Fact]
    public void Any_url_is_answered_and_nothing_fails_within()
    {
        using var served = new Served(seconds: 3);
        string[] paths = ["host", "vms", "intervals", "heatmap", "slow", "explain", "recording"];
        Gen.Select(Gen.Int[0, paths.Length - 1].Select(i => paths[i]), s_piece.Array[0, 10]).Sample(part =>
        {
            string query = Uri.EscapeDataString(string.Concat(part.Item2)).Replace("%3D", "=", StringComparison.Ordinal)
                .Replace("%26", "&", StringComparison.Ordinal);
            using HttpResponseMessage response = served.Client.GetAsync($"/api/v1/{part.Item1}?{query}").GetAwaiter().GetResult();
            Assert.True((int)response.StatusCode is 200 or 400 or 404, $"{part.Item1}?{query}: {response.StatusCode}");
        }, iter: 400, threads: 1);
        Assert.Empty(served.Complaints);
    }

    [Fact]
    public void A_time_names_its_place()
    {
        using var served = new Served(seconds: 10);
        Gen.Long[0, 100_000_000].Sample(ticks =>
        {
            string text = Core.Output.Rfc3339.Format(Samples.Start.AddTicks(ticks));
            Assert.Equal(Samples.StartNs + (ticks * 100), TimeChoice.PlaceOf("from", text, served.History));
        }, iter: Cases);
    }

    [Theory]
    [InlineData("10s", 10_000_000_000L)]
    [InlineData("250ms", 250_000_000L)]
    [InlineData("24h", 86_400_000_000_000L)]
    [InlineData("s", null)]
    [InlineData("10", null)]
    [InlineData("-5s", null)]
    [InlineData("9999999999s", null)]
    [InlineData("999999999d", null)]
    [InlineData("1.5s", null)]
    public void Durations_are_read(string text, long? ns) => Assert.Equal(ns, TimeChoice.Duration(text));

    [Theory]
    [InlineData("a%20b+c", "a b c")]
    [InlineData("%C3%A9", "\u00e9")]
    public void Escapes_are_those_of_browsers(string text, string decoded) => Assert.Equal(decoded, Query.Decode(text));
}
