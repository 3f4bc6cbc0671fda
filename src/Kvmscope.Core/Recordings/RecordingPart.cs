using System.Globalization;
using System.Text;
using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Recordings;

/// <summary>What must be known of a recording to find its place among others: not its index, which may be large.</summary>
public sealed class RecordingPart
{
    private readonly IReadOnlyList<ClockStretch> _stretches;

    private RecordingPart(Recording recording)
    {
        Header = recording.Header;
        Name = recording.Name;
        Intervals = recording.Intervals;
        Numbers = recording.Numbers;
        _stretches = recording.Stretches();
        (FromNs, ToNs) = (_stretches[0].From, _stretches[^1].To);
        Clock = new RecordedClock(_stretches, Header.Zone);
        Steps = recording.ClockSteps();
        (HasEnd, DamagedBytes) = (recording.HasEnd, recording.DamagedBytes);
    }

    /// <summary>Takes it from an open recording.</summary>
    public static RecordingPart Of(Recording recording) => new(recording);

    /// <summary>Its name in errors.</summary>
    public string Name { get; }

    /// <summary>Where, when and how it was made.</summary>
    public RecordingHeader Header { get; }

    /// <summary>How many intervals it has.</summary>
    public int Intervals { get; }

    /// <summary>How many intervals it had when it was made, those that are lost included.</summary>
    public long Numbers { get; }

    /// <summary>CLOCK_MONOTONIC at its begin, ns.</summary>
    public long FromNs { get; }

    /// <summary>CLOCK_MONOTONIC at its end, ns.</summary>
    public long ToNs { get; }

    /// <summary>Its wall clock.</summary>
    public RecordedClock Clock { get; }

    /// <summary>What happened to the host's clock meanwhile.</summary>
    public IReadOnlyList<ClockStep> Steps { get; }

    /// <summary>Whether it is complete.</summary>
    public bool HasEnd { get; }

    /// <summary>Damaged bytes that belong to no known member.</summary>
    public long DamagedBytes { get; }

    /// <summary>Its stretches, moved by some ns.</summary>
    internal IEnumerable<ClockStretch> StretchesAt(long by) => _stretches.Select(s => s.Shifted(by));

    /// <summary>Whether it begins where another ends, made by the same recorder.</summary>
    internal bool Continues(RecordingPart before) =>
        Header.IsContinued && Header.BootId == before.Header.BootId && FromNs == before.ToNs;

    /// <summary>Throws if two recordings are not of one host.</summary>
    /// <exception cref="KvmscopeException">They are of two hosts or two ISAs (status 2).</exception>
    internal static void CheckHosts(RecordingPart a, RecordingPart b)
    {
        const string hint = "Give recordings of one host; 'kvmscope diff A B' compares two.";
        if (HostsOf(a.Header, b.Header) is { } hosts)
            throw new KvmscopeException(ExitStatus.Usage, $"'{a.Name}' {hosts.One}, and '{b.Name}' {hosts.Other}", hint);
    }

    /// <summary>Throws if two recordings were not made alike, so that no answer is about both.</summary>
    /// <exception cref="KvmscopeException">They differ in an option of 'record' (status 2).</exception>
    internal static void CheckOptions(RecordingPart a, RecordingPart b)
    {
        if (OptionsOf(a.Header, b.Header) is not { } made) return;
        throw new KvmscopeException(ExitStatus.Usage, $"'{a.Name}' was made {made.One}, and '{b.Name}' {made.Other}",
            "They cannot be shown as one: choose those that were made alike, by name or with --from and --to.");
    }

    /// <summary>Why it cannot be shown with what a trace measures; null where it can.</summary>
    internal string? WhyUnlike(RecordingHeader trace) =>
        HostsOf(Header, trace) is { } hosts ? $"it {hosts.One}, and this is {hosts.Other}"
        : OptionsOf(Header, trace) is { } made ? $"it was made {made.One}, and this trace {made.Other}" : null;

    private static (string One, string Other)? HostsOf(RecordingHeader a, RecordingHeader b) =>
        a.Host != b.Host ? ($"is of the host '{a.Host}'", $"of '{b.Host}'")
        : a.Isa != b.Isa ? ($"has exits of {NameOf(a.Isa)}", $"of {NameOf(b.Isa)}") : null;

    private static (string One, string Other)? OptionsOf(RecordingHeader a, RecordingHeader b)
    {
        foreach ((string one, string other) in Options(a).Zip(Options(b)))
            if (one != other) return (one, other);
        return null;
    }

    private static string NameOf(Isa isa) => isa == Isa.None ? "an unknown ISA" : IsaInfo.Of(isa).DisplayName;

    private static string[] Options(RecordingHeader header) =>
    [
        $"with intervals of {ScaledText.Time((ulong)Math.Max(0, header.IntervalNs))}",
        "with --by " + header.Grouping switch { Grouping.Host => "host", Grouping.Vm => "vm", _ => "vcpu" },
        header.HasTime ? "with handling times" : "without handling times",
        header.HasSplit ? "with the split" : "without the split",
        header.HasQualifiers ? "with qualifiers" : "without qualifiers",
        header.PageShift is { } shift ? string.Create(CultureInfo.InvariantCulture, $"with pages of {1L << shift} bytes") : "without pages",
        header.HasRips ? "with instructions" : "without instructions",
        header.HasNested ? "with rounds of nested guests" : "without rounds of nested guests",
        header.HasReturns ? "with returns to the VMM" : "without returns to the VMM",
        header.SlowNs == 0 ? "without --slower" : $"with --slower {ScaledText.Time(header.SlowNs, tight: true)}",
        header.SlowPart is { } part ? $"with --part {PartNames.All.First(p => p.Part == part).Name}" : "without --part",
        header.HasWho ? "with --who" : "without --who",
        header.HasAllExits ? "with all exits" : "with some exits only",
        SelectionText(header),
    ];

    private static string SelectionText(RecordingHeader header)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            SelectionJson.Write(json, header.Selection);
            json.WriteEndObject();
        }
        string text = Encoding.UTF8.GetString(bytes.ToArray());
        return text == "{}" ? "without filters" : $"with the filters {text}";
    }
}
