using System.Net;
using System.Text.Json;
using Kvmscope.Core.Analysis.Reports;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Server.Tests;

public sealed class EndpointTests
{
    // What 'report' prints of the same recording.
    private static string Report(Interval interval, ReportRequest request)
    {
        var text = new StringWriter();
        OutputKinds.Reports.In(OutputFormat.Json)(new Destination(text, new ViewStyle()), request).Write(interval);
        return text.ToString();
    }

    public static TheoryData<string, GroupBy, bool> Reports => new()
    {
        { "by=reason", GroupBy.Reason, false },
        { "by=vm", GroupBy.Vm, false },
        { "by=vcpu,reason", GroupBy.Vcpu | GroupBy.Reason, false },
        { "by=qualifier", GroupBy.Qualifier | GroupBy.Reason, false },
        { "by=vm&with=split", GroupBy.Vm, true },
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task Intervals_are_the_reports_of_the_same_time(string query, GroupBy by, bool split)
    {
        using var served = new Served(kind: SourceKind.Recording, history: Samples.Recorded(6));
        RecordingSet set = Samples.Set(Samples.Record(6));
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time", By = by, Split = split, IsRecorded = true };
        JsonElement answer = await served.Json($"/api/v1/intervals?step=2s&{query}");
        Assert.Equal(3, answer.GetProperty("intervals").GetArrayLength());
        int first = 0;
        foreach (JsonElement element in answer.GetProperty("intervals").EnumerateArray())
        {
            Interval interval = set.Sum(new IntervalRange(first, 2), request.Grouping, request.Parts).ToInterval();
            JsonElement expected = JsonDocument.Parse(Report(interval, request)).RootElement;
            Assert.True(JsonElement.DeepEquals(expected, element.GetProperty("report")), $"{expected}\n{element}");
            first += 2;
        }
    }

    [Fact]
    public async Task Live_and_recorded_give_the_same_answers()
    {
        using var live = new Served(seconds: 6);
        using var recorded = new Served(kind: SourceKind.Recording, history: Samples.Recorded(6), seconds: 0);
        foreach (string path in new[]
        {
            "/api/v1/vms", "/api/v1/vms?vm=web-1&points=3", "/api/v1/heatmap", "/api/v1/heatmap?vm=web-1&reason=HLT", "/api/v1/slow",
            "/api/v1/explain", "/api/v1/intervals?step=1s&by=vcpu&kind=hist",
            "/api/v1/intervals?from=-3s&to=-1s&qualifier=IA32_TSC_DEADLINE",
        })
        {
            JsonElement a = await live.Json(path), b = await recorded.Json(path);
            Assert.True(JsonElement.DeepEquals(a, b), $"{path}\n{a}\n{b}");
        }
    }

    [Fact]
    public async Task Vms_have_their_figures_and_the_one_that_loses_most_is_first()
    {
        using var served = new Served(seconds: 5);
        JsonElement answer = await served.Json("/api/v1/vms?points=5");
        Assert.Equal("kvmscope/vms/1", answer.GetProperty("schema").GetString());
        JsonElement web = answer.GetProperty("rows")[0];
        Assert.Equal("web-1", web.GetProperty("vm").GetString());
        Assert.Equal(2, web.GetProperty("vcpus").GetInt32());
        // 100 + … + 104, and 60 each second.
        Assert.Equal(510UL + 300, web.GetProperty("count").GetUInt64());
        Assert.Equal(10_000_000_000UL, web.GetProperty("wall_ns").GetUInt64());
        // Run queue of two vCPUs, KVM for MSRs, VMM for ports.
        Assert.Equal(1_000_000_000UL + (510 * 2_000) + (50 * 80_000), web.GetProperty("lost_ns").GetUInt64());
        Assert.Equal([160, 161, 162, 163, 164], web.GetProperty("trend").EnumerateArray().Select(p => p.GetDouble()));
        Assert.Equal(Samples.Hostile, answer.GetProperty("rows")[1].GetProperty("vm").GetString());
        Assert.Equal(5UL, answer.GetProperty("trust").GetProperty("lost_events").GetUInt64());
        Assert.Equal(2, answer.GetProperty("total").GetProperty("vms").GetInt32());
    }

    [Fact]
    public async Task A_heat_map_has_the_exits_of_the_histogram_and_leaves_idle_ones_out()
    {
        using var served = new Served(seconds: 4);
        JsonElement map = await served.Json("/api/v1/heatmap?columns=2"), all = await served.Json("/api/v1/heatmap?columns=2&idle=true");
        JsonElement[] columns = [.. map.GetProperty("columns").EnumerateArray()];
        Assert.Equal(2, columns.Length);
        Assert.Equal(map.GetProperty("bins").GetProperty("low_ns").GetArrayLength(), columns[0].GetProperty("counts").GetArrayLength());
        Assert.Equal(201L + (2 * 67), columns[0].GetProperty("count").GetInt64());
        Assert.Equal(100, columns[0].GetProperty("idle_count").GetInt64());
        Assert.Equal(235, columns[0].GetProperty("counts").EnumerateArray().Sum(c => c.GetInt64()));
        Assert.Equal(335, all.GetProperty("columns")[0].GetProperty("counts").EnumerateArray().Sum(c => c.GetInt64()));
        JsonElement steps = await served.Json("/api/v1/heatmap?columns=1&step=2s");
        Assert.True(JsonElement.DeepEquals(map.GetProperty("columns"), steps.GetProperty("columns")), $"{steps}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("&vm=web-1")]
    [InlineData("&vm=web-1&vcpu=1")]
    public async Task The_wall_clock_of_all_is_the_sum_of_those_of_vcpus(string choice)
    {
        using var served = new Served(seconds: 6);
        JsonElement one = await served.Json($"/api/v1/intervals?step=2s&with=split&by=none&rows=wall{choice}"),
            each = await served.Json($"/api/v1/intervals?step=2s&with=split&by=vcpu&rows=wall{choice}");
        Assert.Equal(3, one.GetProperty("intervals").GetArrayLength());
        for (int i = 0; i < 3; i++)
        {
            JsonElement interval = one.GetProperty("intervals")[i];
            Assert.Equal("none", interval.GetProperty("by").GetString());
            JsonElement row = Assert.Single(interval.GetProperty("report").GetProperty("rows").EnumerateArray());
            JsonElement[] rows = [.. each.GetProperty("intervals")[i].GetProperty("report").GetProperty("rows").EnumerateArray()];
            Assert.Equal(choice.Length == 0 ? 3 : choice.Contains("vcpu") ? 1 : 2, rows.Length);
            Assert.False(row.TryGetProperty("vm", out _));
            Assert.Equal(SumOf(rows.Select(r => r.GetProperty("wall_ns"))), row.GetProperty("wall_ns").GetUInt64());
            foreach (JsonProperty part in row.GetProperty("parts_ns").EnumerateObject())
                Assert.Equal(SumOf(rows.Select(r => r.GetProperty("parts_ns").GetProperty(part.Name))), part.Value.GetUInt64());
        }
        JsonElement[] all = Rows(await served.Json($"/api/v1/intervals?with=split&by=none{choice}")),
            reasons = Rows(await served.Json($"/api/v1/intervals?with=split{choice}"));
        Assert.Equal(["busy", "reason", "total", "wall"], all.Select(KindOf).Distinct().Order());
        Assert.True(JsonElement.DeepEquals(all.Single(row => KindOf(row) == "total"), reasons.Single(row => KindOf(row) == "total")));
    }

    [Fact]
    public async Task Advice_is_about_VMs_whatever_rows_are_shown()
    {
        using var served = new Served(seconds: 6);
        string[] all = [.. (await Task.WhenAll(new[] { "", "&by=none", "&by=level" }.Select(
            by => served.Json($"/api/v1/intervals?with=split,advice{by}")))).Select(
                answer => answer.GetProperty("intervals")[0].GetProperty("report").GetProperty("advice").GetRawText())];
        Assert.Contains("web-1", all[0]);
        Assert.Equal([all[0], all[0]], all[1..]);
    }

    private static ulong SumOf(IEnumerable<JsonElement> numbers) => numbers.Aggregate(0UL, (sum, n) => sum + n.GetUInt64());

    private static JsonElement[] Rows(JsonElement intervals) =>
        [.. intervals.GetProperty("intervals")[0].GetProperty("report").GetProperty("rows").EnumerateArray()];

    private static string? KindOf(JsonElement row) => row.GetProperty("row").GetString();

    [Fact]
    public async Task A_stretch_is_a_recording_with_the_same_figures()
    {
        using var served = new Served(seconds: 8);
        byte[] bytes = await served.Client.GetByteArrayAsync("/api/v1/recording?from=-5s&to=-1s");
        RecordingSet set = Samples.Set(bytes);
        Assert.Equal(4, set.Intervals);
        Assert.Equal("host7", set.Header.Host);
        Interval got = set.Sum(set.All, Grouping.Vcpu, ExitParts.All).ToInterval(), wanted = Samples.Set(Samples.Record(8))
            .Sum(new IntervalRange(3, 4), Grouping.Vcpu, ExitParts.All).ToInterval();
        var request = new ReportRequest { Kind = ReportKind.Time, Command = "time", By = GroupBy.Vcpu | GroupBy.Qualifier, Split = true };
        Assert.Equal(Report(wanted, request), Report(got, request));
        Assert.Equal(2, new RecordedHistory(set).Slow(0, long.MaxValue, 100).Count);
    }

    [Fact]
    public async Task Slow_exits_are_those_of_slower_and_say_what_was_lost()
    {
        using var served = new Served(seconds: 5);
        JsonElement answer = await served.Json("/api/v1/slow?most=2");
        Assert.True(answer.GetProperty("more").GetBoolean());
        Assert.Equal(5, answer.GetProperty("lost_events").GetInt64());
        JsonElement[] exits = [.. answer.GetProperty("exits").EnumerateArray()];
        Assert.Equal(["2026-03-01T14:05:02.5000000Z", "2026-03-01T14:05:04.5000000Z"],
            exits.Select(e => e.GetProperty("time").GetString()));
        Assert.Equal(Samples.Hostile, exits[0].GetProperty("ran_instead").GetProperty("name").GetString());
        Assert.Empty((await served.Json("/api/v1/slow?vm=web-1")).GetProperty("exits").EnumerateArray());
    }

    [Fact]
    public async Task Times_select_whole_intervals_and_are_moved_to_what_is_kept()
    {
        using var served = new Served(seconds: 5);
        JsonElement one = await served.Json("/api/v1/vms?from=2026-03-01T14:05:01Z&to=2026-03-01T14:05:03Z");
        Assert.Equal("2026-03-01T14:05:01.0000000Z", one.GetProperty("started").GetString());
        Assert.Equal(2, one.GetProperty("seconds").GetDouble());
        JsonElement all = await served.Json("/api/v1/vms?from=2020-01-01T00:00:00%2B01:00&to=2030-01-01T00:00:00Z");
        Assert.Equal(5, all.GetProperty("seconds").GetDouble());
    }

    [Fact]
    public async Task Before_the_first_interval_there_is_nothing_and_no_zero()
    {
        using var served = new Served(seconds: 0);
        JsonElement host = await served.Json("/api/v1/host"), vms = await served.Json("/api/v1/vms");
        Assert.Equal(JsonValueKind.Null, host.GetProperty("started").ValueKind);
        Assert.Equal(JsonValueKind.Null, vms.GetProperty("rows").ValueKind);
        Assert.Equal("nothing was recorded", vms.GetProperty("why").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await served.Client.GetAsync("/readyz")).StatusCode);
        served.Grow();
        Assert.Equal(HttpStatusCode.OK, (await served.Client.GetAsync("/readyz")).StatusCode);
    }

    [Theory]
    [InlineData("/api/v1/vms?x=1", "bad-parameter", "x")]
    [InlineData("/api/v1/vms?from=yesterday", "bad-parameter", "from")]
    [InlineData("/api/v1/vms?from=2026-03-01T14:05:00", "bad-parameter", "from")]
    [InlineData("/api/v1/vms?from=-1s&to=-2s", "bad-parameter", "to")]
    [InlineData("/api/v1/vms?points=1&points=2", "bad-parameter", "points")]
    [InlineData("/api/v1/vms?vm=nobody", "no-such-vm", "vm")]
    [InlineData("/api/v1/intervals?reason=FOO", "bad-parameter", "reason")]
    [InlineData("/api/v1/intervals?with=split&reason=HLT", "bad-parameter", "with")]
    [InlineData("/api/v1/intervals?by=page", "bad-parameter", "by")]
    [InlineData("/api/v1/intervals?step=0s", "bad-parameter", "step")]
    [InlineData("/api/v1/heatmap?columns=0", "bad-parameter", "columns")]
    [InlineData("/api/v1/heatmap?step=x", "bad-parameter", "step")]
    [InlineData("/api/v1/intervals?by=none", "bad-parameter", "by")]
    [InlineData("/api/v1/slow?vcpu=3-1", "bad-parameter", "vcpu")]
    [InlineData("/api/v1/vms?vm=%ff", "bad-parameter", "")]
    [InlineData("/api/v1/nothing", "not-found", null)]
    [InlineData("/metrics", "not-found", null)]
    public async Task What_makes_no_sense_is_a_problem_that_says_so(string path, string type, string? parameter)
    {
        using var served = new Served();
        using HttpResponseMessage response = await served.Client.GetAsync(path);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("urn:kvmscope:problem:" + type, problem.GetProperty("type").GetString());
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        if (parameter is not null) Assert.Equal(parameter, problem.GetProperty("parameter").GetString());
    }

    [Fact]
    public async Task Files_of_the_page_have_tags_and_are_sent_once()
    {
        using var served = new Served();
        using HttpResponseMessage first = await served.Client.GetAsync("/");
        Assert.Contains("<!doctype html>", await first.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await served.Client.SendAsync(again)).StatusCode);
        using var packed = new HttpRequestMessage(HttpMethod.Get, "/");
        packed.Headers.AcceptEncoding.ParseAdd("gzip");
        using HttpResponseMessage gzip = await served.Client.SendAsync(packed);
        Assert.Equal(["gzip"], gzip.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Hostile_names_leave_escaped_and_whole()
    {
        using var served = new Served();
        foreach (string path in new[] { "/api/v1/vms", "/api/v1/slow", "/api/v1/intervals?by=vm", "/api/v1/vms?vm=%3C/nobody%1b" })
        {
            using HttpResponseMessage response = await served.Client.GetAsync(path);
            string text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotContain(text, c => c is '\u001b' or '\u202e');
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Contains("json", response.Content.Headers.ContentType!.MediaType, StringComparison.Ordinal);
            Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }
}
