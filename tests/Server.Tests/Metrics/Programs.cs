using System.Diagnostics;

namespace Kvmscope.Server.Tests.Metrics;

/// <summary>A test that needs programs of Debian's packages; without them it is skipped, and has failed if CI is set.</summary>
public sealed class NeedsProgramFactAttribute : FactAttribute
{
    public NeedsProgramFactAttribute(string program)
    {
        if (Environment.GetEnvironmentVariable("CI") is null or "" && !Programs.Has(program))
            Skip = $"there is no {program}: eng/install build test";
    }
}

/// <summary>Programs that are not ours.</summary>
internal static class Programs
{
    // Debian's, which has Debian's modules; another python3 may come first in the path.
    internal const string Python = "/usr/bin/python3";

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    internal static bool Has(string program) => program[0] == '/'
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs one to its end.</summary>
    /// <returns>Its exit status, and what it printed to both streams.</returns>
    internal static (int Status, string Output) Run(string program, string input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(s_longest))
        {
            process.Kill();
            throw new TimeoutException($"{program} did not end");
        }
        return (process.ExitCode, output.Result + errors.Result);
    }
}
