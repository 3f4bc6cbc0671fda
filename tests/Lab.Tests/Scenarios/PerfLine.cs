using System.Globalization;

namespace Kvmscope.Lab.Tests.Scenarios;

/// <summary>A line of <c>perf kvm stat report</c>; times in microseconds.</summary>
internal sealed record PerfLine(string Name, ulong Samples, double Least, double Most, double Average)
{
    /// <summary>perf's names, if they are not the kernel's in lower case.</summary>
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["IOIO"] = "io",
        ["INTR"] = "interrupt",
        ["VMMCALL"] = "hypercall",
    };

    internal static PerfLine? Parse(string line)
    {
        // cpuid  997  51.20%  9.53%  31.84us  402.95us  36.70us ( +- 1.31% )
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 7 || !ulong.TryParse(words[1], out ulong samples) || !words[4].EndsWith("us", StringComparison.Ordinal))
            return null;
        return new PerfLine(words[0], samples, Us(words[4]), Us(words[5]), Us(words[6]));
    }

    internal bool Names(string reason) =>
        string.Equals(Name, s_names.GetValueOrDefault(reason, reason), StringComparison.OrdinalIgnoreCase);

    private static double Us(string text) => double.Parse(text[..^2], CultureInfo.InvariantCulture);
}
