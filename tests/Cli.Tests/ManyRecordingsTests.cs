using System.Text.Json;
using Kvmscope.Core.Recordings;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Several files, or a folder of them, as one recording.</summary>
public sealed class ManyRecordingsTests : IDisposable
{
    private readonly Recorder _host = new();

    public void Dispose() => _host.Dispose();

    private static JsonElement Json(Outcome outcome)
    {
        Assert.Equal((0, outcome.Error), (outcome.Status, outcome.Error));
        return JsonDocument.Parse(outcome.Out.TrimEnd()).RootElement;
    }

    private static (long Exits, double Seconds) Sum(Outcome outcome)
    {
        JsonElement json = Json(outcome);
        long exits = json.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("row").GetString() == "total")
            .GetProperty("count").GetInt64();
        return (exits, json.GetProperty("seconds").GetDouble());
    }

    [Theory]
    [InlineData("count --format json")]
    [InlineData("time --by vcpu --format json")]
    [InlineData("count --interval 1s --format csv")]
    [InlineData("hist CPUID")]
    [InlineData("--timeline")]
    [InlineData("time --split --format json --from 12:00:03 --to 12:00:08")]
    public void The_folder_of_a_rotated_recording_is_that_recording(string view)
    {
        using var whole = new Recorder();
        whole.Record("one.kvmscope", 9.5);
        _host.Record("x.kvmscope", 9.5, "--rotate 2s");
        Assert.Equal(5, Directory.GetFiles(_host.Folder).Length);
        Outcome one = whole.Run($"report FOLDER/one.kvmscope {view}"), many = _host.Run($"report FOLDER {view}");
        string title = Path.GetFileName(_host.Folder);
        Assert.Equal((0, one.Out, ""), (many.Status, many.Out.Replace(title, "one.kvmscope", StringComparison.Ordinal), many.Error));
        string files = string.Join(' ', Directory.GetFiles(_host.Folder).OrderDescending());
        string fewer = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"5 recordings");
        Assert.Equal(one.Out, _host.Run($"report {files} {view}").Out.Replace(fewer, "one.kvmscope", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_a_recording_stopped_and_the_next_began_is_said()
    {
        _host.Record("b.kvmscope", 5);
        _host.Wait(3);
        _host.Record("a.kvmscope", 4);
        _host.Wait(600);
        _host.Record("c.kvmscope", 2, boot: "boot-2");
        Outcome report = _host.Run("report FOLDER count --format json");
        Assert.Equal((Recorder.ExitsPerSecond * 11, 11), Sum(report));
        Assert.Equal(
            "kvmscope: nothing was recorded from 2026-03-01T12:00:05Z to 2026-03-01T12:00:08Z (00:00:03).\n"
            + "kvmscope: nothing was recorded from 2026-03-01T12:00:12Z to 2026-03-01T12:10:12Z (00:10:00); the host was started again "
            + "meanwhile.\n", report.Error);
        Assert.Contains("(147/s), from 2026-03-01T12:00:00Z to",
            _host.Run("report FOLDER count").Out.ReplaceLineEndings(" ").Replace("  ", " "));
        Assert.Equal((Recorder.ExitsPerSecond * 3, 3), Sum(_host.Run("report FOLDER count --from 12:00:04 --to 12:00:10 --format json")));
        // No step and no column goes over a gap.
        Outcome steps = _host.Run("report FOLDER count --interval 4s --format json");
        Assert.Equal([4, 1, 4, 2],
            steps.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("seconds").GetDouble()));
        Assert.Equal(0, _host.Run("report FOLDER --timeline").Status);
        Outcome none = _host.Run("report FOLDER --from 12:05 --to 12:06");
        Assert.Equal((2, "kvmscope: nothing was recorded in that time\n"), (none.Status, none.Error.Split("  ")[0]));
    }

    [Fact]
    public void Rules_and_comparisons_take_them_too()
    {
        _host.Record("a.kvmscope", 30);
        _host.Wait(3);
        _host.Record("b.kvmscope", 30);
        Outcome rules = _host.Run("assert count(any)==8820 rate(any)==147/s FOLDER");
        Assert.Equal(0, rules.Status);
        Assert.Contains("nothing was recorded from", rules.Error);
        Assert.Equal(0, _host.Run("assert count(any)==8820 FOLDER/b.kvmscope FOLDER/a.kvmscope").Status);
        Assert.Equal(0, _host.Run("assert count(any)==1470 FOLDER --from +20s --to +30s").Status);

        JsonElement windows = Json(_host.Run("diff FOLDER --a ..12:00:30 --b 12:00:33.. --format json"));
        Assert.Equal([30, 30], new[] { "a", "b" }.Select(side => windows.GetProperty(side).GetProperty("samples").GetInt32()));
        JsonElement sides = Json(_host.Run("diff FOLDER/a.kvmscope FOLDER/b.kvmscope vs FOLDER --format json"));
        Assert.Equal(("2 recordings", 60),
            (sides.GetProperty("a").GetProperty("name").GetString(), sides.GetProperty("b").GetProperty("samples").GetInt32()));
        JsonElement cpuid = sides.GetProperty("rows").EnumerateArray().Single(r => r.TryGetProperty("reason", out JsonElement reason)
            && reason.GetString() == "CPUID");
        Assert.Equal(47, cpuid.GetProperty("a").GetProperty("rate_per_s").GetDouble());
        Assert.Contains("write 'vs' between the files of two sides", _host.Run("diff FOLDER FOLDER FOLDER").Error);
        Assert.Contains("'vs' stands between", _host.Run("diff FOLDER vs").Error);
    }

    [Fact]
    public void A_damaged_file_is_said_and_hides_no_other()
    {
        _host.Record("a.kvmscope", 5);
        string broken = _host.Record("b.kvmscope", 5);
        _host.Record("c.kvmscope", 5);
        byte[] bytes = File.ReadAllBytes(broken);
        bytes[80] ^= 1;
        File.WriteAllBytes(broken, bytes);
        foreach (string files in new[] { "FOLDER", "FOLDER/a.kvmscope FOLDER/b.kvmscope FOLDER/c.kvmscope" })
        {
            Outcome report = _host.Run($"report {files} count --format json");
            Assert.Equal((Recorder.ExitsPerSecond * 10, 10), Sum(report));
            Assert.StartsWith($"kvmscope: the recording '{broken}' is damaged at its begin: it is left out\n"
                + "kvmscope: nothing was recorded from 2026-03-01T12:00:05Z to 2026-03-01T12:00:10Z (00:00:05).\n", report.Error);
        }
        // What is missing decides nothing, in either direction.
        Assert.Equal(5, _host.Run("assert count(any)==1470 FOLDER").Status);
        Assert.Equal(1, _host.Run("assert count(any)<1000 FOLDER").Status);
        Assert.Equal(0, _host.Run("assert count(any)>1000 FOLDER").Status);
        Outcome alone = _host.Run("report FOLDER/b.kvmscope");
        Assert.Equal((1, ""), (alone.Status, alone.Out));
    }

    [Fact]
    public void Damage_within_a_file_is_said_and_hides_nothing_else()
    {
        _host.Record("a.kvmscope", 5);
        string broken = _host.Record("b.kvmscope", 5);
        byte[] bytes = File.ReadAllBytes(broken);
        int at = 0;
        for (int member = 0; member < 3; member++)
        {
            Assert.True(MemberHead.TryRead(bytes.AsSpan(at), out MemberHead head));
            at += head.Length;
        }
        bytes[at + MemberHead.Size + 9] ^= 0x10;
        File.WriteAllBytes(broken, bytes);
        Outcome report = _host.Run("report FOLDER count --format json");
        Assert.Equal((Recorder.ExitsPerSecond * 9, 9), Sum(report));
        Assert.Contains($"'{broken}' is damaged at 2026-03-01T12:00:07Z: its checksum is wrong: it is left out\n", report.Error);
        Outcome before = _host.Run("report FOLDER count --to 12:00:07");
        Assert.Equal((0, ""), (before.Status, before.Error));
        Assert.Equal(5, _host.Run("assert count(any)==1323 FOLDER").Status);
    }

    [Fact]
    public void Recordings_that_do_not_fit_together_are_an_error_that_says_why()
    {
        string a = _host.Record("a.kvmscope", 5);
        using var second = new Recorder();
        second.Wait(2);
        File.Copy(second.Record("b.kvmscope", 5), _host["b.kvmscope"]);
        Outcome overlap = _host.Run("report FOLDER");
        Assert.Equal(2, overlap.Status);
        Assert.Equal($"kvmscope: '{a}' and '{_host["b.kvmscope"]}' overlap, from 2026-03-01T12:00:02Z to 2026-03-01T12:00:05Z: "
            + "two recorders made them\n  Give those of one recorder, or a time in which there is only one with --from and --to.\n",
            overlap.Error);
        Assert.Equal(0, _host.Run("report FOLDER --from 12:00:05").Status);
        Assert.Equal(0, _host.Run("report FOLDER --to 12:00:02").Status);
        File.Delete(_host["b.kvmscope"]);

        string other = _host.Record("c.kvmscope", 5, host: "host2");
        Assert.Equal($"kvmscope: '{a}' is of the host 'host1', and '{other}' of 'host2'\n"
            + "  Give recordings of one host; 'kvmscope diff A B' compares two.\n", _host.Run("report FOLDER").Error);
        File.Delete(other);

        string less = _host.Record("d.kvmscope", 5, "--vm web1");
        Assert.Equal($"kvmscope: '{a}' was made without filters, and '{less}' with the filters {{\"selection\":{{\"vms\":[\"web1\"]}}}}\n"
            + "  They cannot be shown as one: choose those that were made alike, by name or with --from and --to.\n",
            _host.Run("report FOLDER").Error);
        Assert.Equal(0, _host.Run("report FOLDER --to 12:00:05").Status);
    }

    [Fact]
    public void Other_files_of_the_folder_are_nothing_and_what_looks_like_a_recording_is_said()
    {
        _host.Record("a.kvmscope", 5);
        File.WriteAllText(_host["notes.txt"], "hello");
        File.WriteAllBytes(_host["empty.kvmscope"], []);
        Directory.CreateDirectory(_host["sub.kvmscope"]);
        Assert.Equal((0, ""), (_host.Run("report FOLDER").Status, _host.Run("report FOLDER").Error));
        File.WriteAllText(_host["text.kvmscope"], "hello");
        Outcome report = _host.Run("report FOLDER");
        string says = $"kvmscope: '{_host["text.kvmscope"]}' is not a kvmscope recording: it does not begin with a header: "
            + "it is left out\n";
        Assert.Equal((0, says), (report.Status, report.Error));
        // A recording by its content, whatever it is called.
        File.Move(_host["a.kvmscope"], _host["old.bak"]);
        Assert.Equal((Recorder.ExitsPerSecond * 5, 5), Sum(_host.Run("report FOLDER count --format json")));
        File.Delete(_host["old.bak"]);
        Assert.Equal(2, _host.Run("report FOLDER").Status);
        File.Delete(_host["text.kvmscope"]);
        Assert.Contains($"there is no recording in '{_host.Folder}'", _host.Run("report FOLDER").Error);
    }

    [Fact]
    public void A_file_that_is_given_twice_is_one_and_none_is_overwritten()
    {
        string a = _host.Record("a.kvmscope", 5);
        Assert.Equal((Recorder.ExitsPerSecond * 5, 5), Sum(_host.Run("report FOLDER FOLDER/a.kvmscope FOLDER count --format json")));
        byte[] before = File.ReadAllBytes(a);
        string[] commands =
            ["report FOLDER", "report FOLDER slower", "diff FOLDER FOLDER", "assert max(exit)<1s FOLDER", "report FOLDER --timeline"];
        foreach (string command in commands)
        {
            Outcome outcome = _host.Run($"{command} -o {a}");
            Assert.Equal((command, 2), (command, outcome.Status));
            Assert.Equal($"kvmscope: -o '{a}': the output would overwrite its own input\n"
                + "  Give another file with -o, or leave it out.\n", outcome.Error);
        }
        string link = _host["link"];
        File.CreateSymbolicLink(link, a);
        Assert.Equal($"kvmscope: -o '{link}', which is '{a}': the output would overwrite its own input\n"
            + "  Give another file with -o, or leave it out.\n", _host.Run($"report {a} -o {link}").Error);
        File.Delete(link);
        Assert.Equal(before, File.ReadAllBytes(a));
    }

    [Fact]
    public void A_view_ends_the_files_and_a_typing_error_is_none()
    {
        _host.Record("a.kvmscope", 5);
        Assert.Contains("the view 'cuont' is not known", _host.Run("report FOLDER/a.kvmscope cuont").Error);
        Assert.Contains("there is no file", _host.Run("report FOLDER/a.kvmscope FOLDER/b.kvmscope count").Error);
        Assert.Equal(0, _host.Run("report FOLDER/a.kvmscope FOLDER/a.kvmscope hist CPUID").Status);
    }

    [Fact]
    public void Yesterday_is_that_day_of_the_recorded_host()
    {
        // From 12:00 of the first of March in its zone; the machine that reads is seven hours west of UTC.
        using var host = new Recorder(new FakeClock { Zone = TimeZoneInfo.CreateCustomTimeZone("y", TimeSpan.FromHours(11), "y", "y") });
        host.Record("a.kvmscope", 5);
        host.Wait(3600 - 5 - 2);
        host.Record("b.kvmscope", 5);
        host.Wait(3600);
        // It began at 23:00, and b from 23:59:58 to 00:00:03; now it is after 01:00 of the second of March.
        Assert.Equal((Recorder.ExitsPerSecond * 7, 7), Sum(host.Run("report FOLDER count --from yesterday --to today --format json")));
        Assert.Equal((Recorder.ExitsPerSecond * 3, 3), Sum(host.Run("report FOLDER count --from today --format json")));
        Assert.Equal((Recorder.ExitsPerSecond * 3, 3), Sum(host.Run("report FOLDER count --from 2026-03-02 --to now --format json")));
        Assert.Equal((Recorder.ExitsPerSecond * 2, 2),
            Sum(host.Run("report FOLDER count --from yesterdayT23:00:03 --to 23:00:30 --format json")));
        Assert.Equal(2, host.Run("report FOLDER --to 2026-02-27").Status);
    }

    [Fact]
    public void A_time_of_day_that_was_recorded_on_two_days_is_asked_for()
    {
        _host.Record("a.kvmscope", 5);
        _host.Wait(86_400 - 5);
        _host.Record("b.kvmscope", 5);
        Outcome outcome = _host.Run("report FOLDER --from 12:00:02");
        Assert.Equal((2, "kvmscope: --from '12:00:02' is in the recording twice\n  Give 2026-03-01T12:00:02Z or 2026-03-02T12:00:02Z.\n"),
            (outcome.Status, outcome.Error));
        Assert.Equal((Recorder.ExitsPerSecond * 3, 3), Sum(_host.Run("report FOLDER count --from 2026-03-02T12:00:02Z --format json")));
        Assert.Equal((Recorder.ExitsPerSecond * 2, 2), Sum(_host.Run("report FOLDER count --from -2s --format json")));
    }
}
