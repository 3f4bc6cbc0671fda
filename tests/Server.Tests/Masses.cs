namespace Kvmscope.Server.Tests;

/// <summary>
/// How much tests with masses of clients do: a little, and with KVMSCOPE_MASSES=1 what docs/testing.md names. What they measure goes to
/// the file that KVMSCOPE_MASSES_LOG names.
/// </summary>
internal static class Masses
{
    internal static bool IsLong => Environment.GetEnvironmentVariable("KVMSCOPE_MASSES") == "1";

    /// <summary>Open descriptors of this process, which is server and clients at once.</summary>
    internal static int Descriptors => Directory.GetFiles("/proc/self/fd").Length;

    /// <summary>Whether there are no more descriptors than before; only the long form knows, as no other tests run beside it.</summary>
    internal static bool HaveEnded(int before) => !IsLong || Descriptors <= before + 10;

    /// <summary>Memory of managed objects after a collection, bytes.</summary>
    internal static long Memory => GC.GetTotalMemory(forceFullCollection: true);

    internal static void Log(FormattableString line)
    {
        if (Environment.GetEnvironmentVariable("KVMSCOPE_MASSES_LOG") is { Length: > 0 } file)
            File.AppendAllText(file, FormattableString.Invariant(line) + "\n");
    }
}
