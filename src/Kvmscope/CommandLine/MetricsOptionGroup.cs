using System.CommandLine;
using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Server.Metrics;

namespace Kvmscope.CommandLine;

/// <summary>The options that say which series there are.</summary>
internal sealed class MetricsOptionGroup
{
    private const int MostReasons = 1000;

    private readonly Option<string> _reasons = OptionFactory.Value("--metrics-reasons", "N",
        "How many exit reasons of a VM have series of their own (default: 12); the rest is 'other'.");
    private readonly Option<bool> _vcpus =
        OptionFactory.Switch("--metrics-vcpus", "Series by vCPU too: as many times more as a VM has vCPUs.");
    private readonly Option<string> _linger = OptionFactory.Value("--linger", "TIME",
        "How long a VM that ended keeps its series (default: 5m).");

    /// <summary>The options as --help shows them.</summary>
    public OptionGroup Group => new("Metrics", [_reasons, _vcpus, _linger]);

    /// <summary>Reads them.</summary>
    /// <exception cref="KvmscopeException">A value makes no sense (status 2).</exception>
    public MetricsOptions Read(ParseResult result)
    {
        var options = new MetricsOptions { Vcpus = result.Has(_vcpus), Version = ProgramHelp.Version };
        if (result.Text(_reasons) is { } text)
        {
            options = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int reasons)
                && reasons is >= 1 and <= MostReasons
                ? options with { Reasons = reasons }
                : throw UsageError.Of($"--metrics-reasons '{text}' is not a number from 1 to 1000", "Give 12, or leave it out.");
        }
        if (result.Text(_linger) is not { } linger) return options;
        double ns = Durations.Parse(_linger.Name, linger);
        return ns >= 0 && ns <= TimeSpan.FromDays(1).TotalNanoseconds
            ? options with { Linger = TimeSpan.FromMilliseconds(ns / 1e6) }
            : throw UsageError.Of($"--linger '{linger}' is out of range", "Give a time from 0s to 24h.");
    }
}
