using Kvmscope.Core.Sources;
using Kvmscope.Core.Tests;
using Kvmscope.Live;
using Kvmscope.Live.Screen;

namespace Kvmscope.Tests.Live;

/// <summary>Whole screens (Live/Golden).</summary>
public sealed class ScreenTests
{
    public static TheoryData<string, int, int> Sizes
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (string name in s_screens.Keys)
                foreach ((int columns, int rows) in new[] { (80, 24), (120, 40), (200, 60) })
                    data.Add(name, columns, rows);
            return data;
        }
    }

    // What is measured, which VMs, and which keys were pressed.
    private static readonly Dictionary<string, Func<LiveUser, LiveUser>> s_screens = new()
    {
        ["three-vms"] = user => user,
        ["twelve-vms"] = user => user,
        ["twelve-vcpus-of-one"] = user => user.Press(LiveKey.Down, LiveKey.Enter, LiveKey.Down),
        ["twelve-reasons-of-one"] = user => user.Press(LiveKey.Down, LiveKey.Enter).Type("3"),
        ["twelve-qualifiers"] = user => user.Type("4"),
        ["twelve-latency"] = user => user.Type("6").Press(LiveKey.Down, LiveKey.Down),
        ["twelve-swapped"] = user => user.Type("t>>"),
        ["twelve-slow"] = user => user.Type("7").Press(LiveKey.Down),
        ["twelve-paused"] = user => user.Type(" ").Press(LiveKey.Left, LiveKey.Left, LiveKey.Left).Type("/ci-"),
        ["many-vms"] = user => user.Press(LiveKey.PageDown),
        ["odd-names"] = user => user,
        ["nested"] = user => user.Type("5"),
        ["help"] = user => user.Type("?"),
        ["light"] = user => user,
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LooksAsKept(string name, int columns, int rows) =>
        Golden.Check($"{name}-{columns}x{rows}", Screen(name, columns, rows).Screen);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LooksAsKeptInAscii(string name, int columns, int rows)
    {
        LiveUser user = Screen(name, columns, rows, unicode: false);
        if (!name.StartsWith("odd")) Assert.All(user.Screen, c => Assert.InRange(c, '\n', '~'));
        if (columns == 80 && name is "twelve-vms" or "twelve-latency") Golden.Check($"{name}-ascii-{columns}x{rows}", user.Screen);
    }

    [Theory]
    [InlineData(40, 10)]
    [InlineData(30, 5)]
    [InlineData(10, 3)]
    [InlineData(1, 1)]
    public void SmallScreensDoNotBreak(int columns, int rows)
    {
        foreach (string name in s_screens.Keys) _ = Screen(name, columns, rows).Screen;
        if (columns == 40) Golden.Check("twelve-vms-40x10", Screen("twelve-vms", columns, rows).Screen);
    }

    private static LiveUser Screen(string name, int columns, int rows, bool unicode = true) =>
        s_screens[name](new LiveUser(SourceOf(name), columns: columns, rows: rows, unicode: unicode));

    private static LiveSource SourceOf(string name) => name.Split('-')[0] switch
    {
        "three" => LiveSamples.Source(LiveSamples.Three),
        "many" => LiveSamples.Source(LiveSamples.Many(200), seconds: 3),
        "odd" => LiveSamples.Source(LiveSamples.Odd),
        "nested" => LiveSamples.Source(LiveSamples.Nested),
        "light" => LiveSamples.Source(LiveSamples.Twelve, detail: new TraceOptions()),
        _ => LiveSamples.Source(LiveSamples.Twelve),
    };
}
