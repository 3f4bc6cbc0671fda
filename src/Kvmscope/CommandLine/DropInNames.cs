namespace Kvmscope.CommandLine;

/// <summary>Recognises the drop-in names and reads their arguments.</summary>
internal static class DropInNames
{
    private const string Excludes = "--excludes";

    /// <summary>The tool that the program was started as, or null.</summary>
    /// <param name="argv0">The name by which the program was started; only the last part of the path counts, with or without .py.</param>
    public static DropIn? Find(string argv0)
    {
        string name = argv0[(argv0.LastIndexOf('/') + 1)..];
        if (name.EndsWith(".py", StringComparison.Ordinal)) name = name[..^3];
        return name switch
        {
            "kvm_vmexit_count" => DropIn.Count,
            "kvm_vmexit_time" => DropIn.Time,
            "kvm_vmexit_time_hist" => DropIn.Hist,
            "kvm_vmexit_slower" => DropIn.Slower,
            _ => null,
        };
    }

    /// <summary>The synopsis.</summary>
    public static string Usage(DropIn tool) => tool switch
    {
        DropIn.Count => "kvm_vmexit_count",
        DropIn.Time => "kvm_vmexit_time",
        DropIn.Hist => "kvm_vmexit_time_hist [EXIT_NO]",
        _ => "kvm_vmexit_slower [MS] [--excludes N,N,]",
    };

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="Core.KvmscopeException">Arguments that the tool does not take (status 2).</exception>
    public static DropInRequest Read(DropIn tool, string[] args)
    {
        string? positional = null;
        var excludes = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (arg is "--help" or "-h") return new DropInRequest(tool, null, [], WantsHelp: true);
            if (tool == DropIn.Slower && arg == Excludes)
                excludes.AddRange(OptionFactory.SplitList(++i < args.Length ? args[i] : throw Wrong(tool, "--excludes needs a value")));
            else if (tool == DropIn.Slower && arg.StartsWith(Excludes + "=", StringComparison.Ordinal))
                excludes.AddRange(OptionFactory.SplitList(arg[(Excludes.Length + 1)..]));
            else if (tool is DropIn.Hist or DropIn.Slower && positional is null && !IsOption(arg))
                positional = arg;
            else throw Wrong(tool, $"'{arg}' is not an argument of this tool");
        }
        return new DropInRequest(tool, positional, excludes);
    }

    // "-5" is a number, and is reported as a wrong number.
    private static bool IsOption(string arg) => arg is ['-'] or ['-', not (>= '0' and <= '9'), ..];

    private static Exception Wrong(DropIn tool, string message) =>
        UsageError.Of(message, $"Usage: {Usage(tool)}; kvmscope itself has more options, see 'kvmscope --help'.");
}

/// <summary>A name of the original tools, through which the program can be started.</summary>
internal enum DropIn
{
    /// <summary>kvm_vmexit_count: no arguments.</summary>
    Count,

    /// <summary>kvm_vmexit_time: no arguments.</summary>
    Time,

    /// <summary>kvm_vmexit_time_hist [EXIT_NO].</summary>
    Hist,

    /// <summary>kvm_vmexit_slower [MS] [--excludes N,N,].</summary>
    Slower,
}

/// <summary>The arguments that were given to a drop-in name.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Positional">EXIT_NO or MS as typed, or null.</param>
/// <param name="Excludes">The exit numbers of --excludes.</param>
/// <param name="WantsHelp">Whether only the synopsis is wanted.</param>
internal sealed record DropInRequest(DropIn Tool, string? Positional, IReadOnlyList<string> Excludes, bool WantsHelp = false);
