using System.Diagnostics;
using System.Globalization;

namespace Kvmscope.RecordingBench;

/// <summary>A program that ran to its end: when it wrote its first byte, when it ended, and its peak memory.</summary>
/// <param name="First">Time from its start to its first byte of output.</param>
/// <param name="All">Time from its start to the end of its output.</param>
/// <param name="PeakMiB">VmHWM as the kernel shows it while the program runs.</param>
/// <param name="Bytes">Bytes of output.</param>
internal sealed record Watched(TimeSpan First, TimeSpan All, double PeakMiB, long Bytes)
{
    internal static Watched Run(string program, IEnumerable<string> arguments)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        double peak = 0;
        using var timer = new Timer(_ => peak = Math.Max(peak, Peak(process.Id)), null, 0, 5);
        byte[] bytes = new byte[1 << 16];
        TimeSpan first = TimeSpan.Zero;
        long total = 0;
        while (process.StandardOutput.BaseStream.Read(bytes) is > 0 and var got)
        {
            if (total == 0) first = Stopwatch.GetElapsedTime(start);
            total += got;
            peak = Math.Max(peak, Peak(process.Id));
        }
        TimeSpan all = Stopwatch.GetElapsedTime(start);
        process.WaitForExit();
        return process.ExitCode == 0
            ? new Watched(first, all, peak, total)
            : throw new InvalidOperationException($"{program} exited with {process.ExitCode}");
    }

    private static double Peak(int pid)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null
                ? 0
                : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
