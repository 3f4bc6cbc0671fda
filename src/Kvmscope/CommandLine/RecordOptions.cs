using System.CommandLine;
using System.Globalization;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Recordings;

namespace Kvmscope.CommandLine;

/// <summary>The options that say what is recorded and where it is written.</summary>
internal sealed class RecordOptions
{
    private static readonly string[] s_details = ["time", "split", "qualifiers", "nested"], s_extras = ["page", "rip", "vmm"],
        s_groups = ["host", "vm", "vcpu"];

    // With shorter intervals the recorder would measure mostly itself.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(10), s_longest = TimeSpan.FromDays(1);

    private readonly Option<string> _output = OptionFactory.Value("--output", "FILE",
        "The recording, a new file (default: named after the host and the time, in the working directory).");
    private readonly Option<string> _interval = OptionFactory.Value("--interval", "TIME", "The length of an interval (default: 1s).");
    private readonly Option<string> _by = OptionFactory.Value("--by", "host|vm|vcpu",
        "What is kept apart (default: vcpu). Reasons and levels always are.");
    private readonly Option<string[]> _without = OptionFactory.Values("--without", "WHAT[,WHAT]",
        "Leave out, to save its cost: qualifiers, split, nested, or time (and with it all of these).").Of(s_details);
    private readonly Option<string[]> _with = OptionFactory.Values("--with", "WHAT[,WHAT]",
        "Also keep, which costs more: page (of the guest's memory), rip (the guest's instruction), vmm (returns to the VMM).").Of(s_extras);
    private readonly Option<string> _pageSize =
        OptionFactory.Value("--page-size", PageSizes.Names, "With --with page: the size of a page (default: 4K).");
    private readonly Option<string> _slower = OptionFactory.Value("--slower", "TIME",
        "Also keep each exit of at least this handling time, for 'report FILE slower'; a bare number is ms.");
    private readonly Option<string> _part = OptionFactory.Value("--part", "PART",
        "With --slower: compare TIME with this part of the handling time: kvm, vmm, runq, halt, poll or sleep.").Of(Threshold.Parts);
    private readonly Option<bool> _who = OptionFactory.Switch("--who",
        "With --slower: also keep which task had the CPU while the vCPU's thread waited for it. Traces every task switch of the host.");
    private readonly Option<string> _rotate =
        OptionFactory.Value("--rotate", "TIME", "Begin a new file every TIME; its start time is part of its name.");
    private readonly Option<string> _keep =
        OptionFactory.Value("--keep", "N", "With --rotate: keep the newest N files and remove older ones.");

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Recording",
        [_output, _interval, _by, _without, _with, _pageSize, _slower, _part, _who, _rotate, _keep]);

    /// <summary>Reads where and how often.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="name">The default name of a recording.</param>
    /// <exception cref="Core.KvmscopeException">A value or a combination makes no sense (status 2).</exception>
    public RecordPlan Read(ParseResult result, Func<string> name)
    {
        TimeSpan interval = Time(result, _interval) ?? TimeSpan.FromSeconds(1);
        TimeSpan? rotate = Time(result, _rotate);
        if (rotate < interval || rotate < TimeSpan.FromSeconds(1))
            throw UsageError.Of("--rotate is shorter than one interval or one second", "Make it longer: --rotate 1h");
        int? keep = result.Text(_keep) is { } text ? ParseKeep(text) : null;
        if (keep is not null && rotate is null) throw UsageError.Of("--keep needs --rotate", "Add --rotate 1h, or leave --keep out.");
        string path = result.Text(_output) ?? name();
        if (path.Length == 0 || path == "-")
            throw UsageError.Of("a recording must be a file", "Give its name with -o FILE, or leave -o out.");
        Grouping grouping = (result.Text(_by) ?? "vcpu") switch
        {
            "host" => Grouping.Host,
            "vm" => Grouping.Vm,
            "vcpu" => Grouping.Vcpu,
            var other => throw UsageError.NotOneOf("--by", other, s_groups),
        };
        return new RecordPlan(path, interval, grouping, rotate, keep);
    }

    /// <summary>Reads what to measure for each exit.</summary>
    /// <param name="result">What was typed.</param>
    /// <param name="hasAllExits">Whether no reason or level is left out; otherwise rounds of nested guests cannot be followed.</param>
    /// <param name="grouping">What is kept apart.</param>
    public TraceOptions Detail(ParseResult result, bool hasAllExits, Grouping grouping)
    {
        IReadOnlyList<string> without = result.Items(_without);
        if (without.FirstOrDefault(w => !s_details.Contains(w)) is { } unknown) throw UsageError.NotOneOf("--without", unknown, s_details);
        bool time = !without.Contains("time");
        if (without.Count == 0 && result.Texts(_without).Count > 0) throw UsageError.NotOneOf("--without", "", s_details);
        if (!time && result.Text(_slower) is not null)
            throw UsageError.Of("--slower needs times, and --without time leaves them out", "Give one of them.");
        if ((result.Text(_part) is not null ? _part.Name : result.Has(_who) ? _who.Name : null) is { } ofSlow)
            CheckOfSlow(result, without, ofSlow);
        IReadOnlyList<string> with = With(result);
        return new TraceOptions
        {
            WantTime = time,
            PageShift = !with.Contains("page") ? null : result.Text(_pageSize) is { } size ? PageSizes.Parse(size) : PageSizes.DefaultShift,
            WantRips = with.Contains("rip"),
            WantSplit = time && !without.Contains("split"),
            WantQualifiers = time && !without.Contains("qualifiers"),
            WantNested = time && hasAllExits && !without.Contains("nested"),
            WantReturns = with.Contains("vmm"),
            SlowNs = result.Text(_slower) is { } slower ? Threshold.Parse(slower) : 0,
            SlowPart = result.Text(_part) is { } part ? Threshold.ParsePart(part) : null,
            WantWho = result.Has(_who),
            Finest = grouping,
            OpenExits = grouping,
        };
    }

    private IReadOnlyList<string> With(ParseResult result)
    {
        IReadOnlyList<string> with = result.Items(_with);
        if (with.FirstOrDefault(w => !s_extras.Contains(w)) is { } unknown) throw UsageError.NotOneOf("--with", unknown, s_extras);
        if (with.Count == 0 && result.Texts(_with).Count > 0) throw UsageError.NotOneOf("--with", "", s_extras);
        if (result.Text(_pageSize) is not null && !with.Contains("page"))
            throw UsageError.Of("--page-size needs --with page", "Add --with page, or leave --page-size out.");
        return with;
    }

    private void CheckOfSlow(ParseResult result, IReadOnlyList<string> without, string option)
    {
        if (result.Text(_slower) is null) throw UsageError.Of($"{option} needs --slower", $"Add --slower 1ms, or leave {option} out.");
        if (without.Contains("split"))
            throw UsageError.Of($"{option} needs the split, and --without split leaves it out", "Give one of them.");
    }

    private static TimeSpan? Time(ParseResult result, Option<string> option)
    {
        if (result.Text(option) is not { } text) return null;
        var time = TimeSpan.FromMilliseconds(Math.Clamp(Durations.Parse(option.Name, text) / 1e6, -1, 1e12));
        // Read compares it with the interval and with one second.
        if (option.Name == "--rotate") return time;
        return time >= s_shortest && time <= s_longest ? time
            : throw UsageError.Of($"{option.Name} '{text}' is out of range", "Give a time from 10ms to 24h.");
    }

    private static int ParseKeep(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int keep) && keep > 0
            ? keep
            : throw UsageError.Of($"--keep '{text}' is not a number of files", "Give 1 or more: --keep 24");
}
