using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;

namespace Kvmscope.Core.Tests;

/// <summary>
/// Intervals over time, as a host might give them: two VMs with a load that comes and goes, a time with slow device emulation, and one in
/// which nothing ran. Synthetic, and the same each time.
/// </summary>
internal static class SampleTimeline
{
    internal const string Title = "host1 (sample data)";

    private const double ColumnSeconds = 2;
    private static readonly VmIdentity s_web = new(0, 4242, "web1"), s_db = new(1, 4711, "db1");
    private static readonly DateTimeOffset s_started = new(2026, 3, 1, 12, 34, 56, TimeSpan.FromHours(1));

    // The reasons: exits per second, handling time, and its spread in octaves.
    private static readonly (VmIdentity Vm, int Vcpus, ulong Code, int Rate, int Ns, int Octaves, bool IsDevice)[] s_kinds =
    [
        (s_web, 2, 32, 2600, 1_080, 2, false), (s_web, 2, 30, 140, 14_700, 3, true), (s_web, 2, 48, 45, 3_300, 3, false),
        (s_web, 2, 1, 310, 1_050, 1, false), (s_web, 2, 12, 420, 850_000, 4, false), (s_web, 2, 10, 9, 700, 1, false),
        (s_db, 2, 32, 1100, 1_120, 2, false), (s_db, 2, 49, 260, 2_050, 3, true), (s_db, 2, 12, 180, 2_400_000, 3, false),
        (s_db, 2, 54, 1, 21_000, 2, false),
    ];

    internal static Interval[] Intervals(int columns)
    {
        var random = new Lcg();
        return [.. Enumerable.Range(0, columns).Select(i => Column(i, columns, random))];
    }

    private static Interval Column(int index, int columns, Lcg random)
    {
        double at = (double)index / columns;
        var rows = new List<Row>();
        foreach (var kind in s_kinds)
            for (int vcpu = 0; vcpu < kind.Vcpus; vcpu++)
            {
                bool isStopped = kind.Vm == s_db && at is >= 0.55 and < 0.63;
                if (!isStopped)
                    rows.Add(Row(kind.Vm, vcpu, kind.Code, Exits(kind.Rate, at, kind.Code, random), Slowness(kind.IsDevice, at, kind.Ns),
                        kind.Octaves, random));
            }
        var accounting = new Accounting { Exits = (ulong)rows.Sum(r => (long)r.Count) };
        return Sample.Of(
            s_started.AddSeconds(index * ColumnSeconds), ColumnSeconds, [.. rows.Where(r => r.Count > 0)], accounting, [s_web, s_db]);
    }

    // A wave for the load, and its inverse for idle exits.
    private static int Exits(int rate, double at, ulong code, Lcg random)
    {
        double wave = Math.Abs((at * 3 % 2) - 1), load = code == 12 ? 1.2 - wave : 0.25 + wave;
        return (int)(rate * load * ColumnSeconds / 2 * (0.8 + (random.Next(400) / 1000.0)));
    }

    private static int Slowness(bool isDevice, double at, int ns) => isDevice && at is >= 0.3 and < 0.42 ? ns * 24 : ns;

    private static Row Row(VmIdentity vm, int vcpu, ulong code, int count, int ns, int octaves, Lcg random)
    {
        var row = new Row(Keys.Of(new ExitCode(Isa.Vmx, code), ExitLevel.L1, vm, vcpu));
        for (int i = 0; i < count; i++)
        {
            // Most are near the usual time, few take much longer.
            ulong took = (ulong)ns * (ulong)(70 + random.Next(60)) / 100;
            for (int octave = 0; octave < octaves * 2 && random.Next(100) < 24; octave++)
                took = took * (ulong)(150 + random.Next(100)) / 100;
            row.Count++;
            row.Timed++;
            row.TotalNs += took;
            row.MaxNs = Math.Max(row.MaxNs, took);
            row.Bins.Add(HistogramLayout.BinOf(took), 1);
        }
        return row;
    }

    /// <summary>Numbers that look random and are the same everywhere.</summary>
    private sealed class Lcg
    {
        private ulong _state = 42;

        internal int Next(int below)
        {
            _state = (_state * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407;
            return (int)((_state >> 33) % (ulong)below);
        }
    }
}
