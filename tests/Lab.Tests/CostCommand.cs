using System.Globalization;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests;

/// <summary>
/// <c>lab-suite cost</c>: what one exit costs the guest, in ticks of its TSC. In the lab's exact mode these are instructions, the same in
/// every run.
/// </summary>
internal static class CostCommand
{
    private const int ExitsPerBatch = 100;

    internal static int Run(ReadOnlySpan<string> arguments)
    {
        int batches = 50;
        if (arguments.Length == 1 && !int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out batches))
            throw new ArgumentException($"'{arguments[0]}': not a number");
        using var guest = new BuiltInGuest(GuestSupport.OfThisHost(), new BuiltInGuestOptions());
        guest.WarmUp();
        guest.Start(new GuestPlan { Items = [new(GuestWork.CostBatch, batches)] });
        guest.Wait();
        List<ulong> ticks = [.. guest.BatchTicks(0)];
        ticks.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ticks per exit and entry: median {Each(ticks[ticks.Count / 2])} min {Each(ticks[0])} "
            + $"max {Each(ticks[^1])} batches {ticks.Count}"));
        return 0;
    }

    private static string Each(ulong batch) => ((double)batch / ExitsPerBatch).ToString("0.00", CultureInfo.InvariantCulture);
}
