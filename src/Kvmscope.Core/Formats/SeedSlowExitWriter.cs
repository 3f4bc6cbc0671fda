using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Views;

namespace Kvmscope.Core.Formats;

/// <summary>Slow exits in the drop-in layout: number, name, nanoseconds, level.</summary>
internal sealed class SeedSlowExitWriter(TextWriter output) : ISlowExitWriter
{
    public void Write(in SlowExit exit)
    {
        string level = exit.Level == ExitLevel.L2 ? "L2" : "L1";
        output.Write($"{SeedTable.Number(exit.Code),3} {ExitReasons.DropInName(exit.Code),-18} {exit.DurationNs,8} ({level})\n");
    }
}
