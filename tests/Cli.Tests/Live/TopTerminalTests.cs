using Kvmscope.Core.Exits;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests.Live;

/// <summary>The program itself in a terminal, on a recording.</summary>
public sealed class TopTerminalTests
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");

    private static readonly (string Key, string Shows)[] s_views =
    [
        ("2", "vCPUs by "), ("3", "reasons by "), ("4", "qualifiers by "), ("5", "nested by "), ("6", "by handling time"),
        ("7", "slow exits"), ("8", "instructions"), ("1", "VMs by "),
    ];

    [TmuxFact]
    public void Each_view_comes_by_its_key_and_Escape_goes_back_to_the_first_screen()
    {
        using TmuxTerminal terminal = Top();
        string first = terminal.Screen;
        foreach ((string key, string shows) in s_views)
        {
            terminal.Keys(key);
            terminal.Until(() => Line(terminal, 1).Contains(shows, StringComparison.Ordinal), shows);
        }
        terminal.Keys("?");
        terminal.WaitFor("show VMs, vCPUs, reasons");
        terminal.Keys("Escape", "Enter");
        terminal.Until(() => Line(terminal, 1).Contains("vCPUs", StringComparison.Ordinal), "the vCPUs of the VM");
        terminal.Keys("Enter");
        terminal.Until(() => Line(terminal, 1).Contains("reasons", StringComparison.Ordinal), "the reasons of the vCPU");
        string reasons = terminal.Screen;
        terminal.Keys("Tab");
        terminal.Until(() => terminal.Screen != reasons, "the lower pane, there or not");
        terminal.Keys("Tab");
        terminal.Until(() => terminal.Screen == reasons, "the same as before");
        terminal.Keys("/", "q");
        terminal.WaitFor("filter: q");
        terminal.Keys("Escape", "Escape", "Escape");
        terminal.Until(() => terminal.Screen == first, "the first screen");
        Leave(terminal, "q");
    }

    [TmuxFact]
    public void Another_size_and_back_is_the_same_screen()
    {
        using TmuxTerminal terminal = Top(columns: 200, rows: 60);
        string first = terminal.Screen;
        terminal.Resize(40, 10);
        bool IsSmall() => terminal.Screen.Split('\n').All(line => line.Length <= 40) && Line(terminal, 9).Length > 0;
        terminal.Until(IsSmall, "the small screen");
        terminal.Resize(200, 60);
        terminal.Until(() => terminal.Screen == first, "the first screen");
        terminal.Keys("C-z");
        terminal.WaitFor("Stopped");
        Assert.Equal(TmuxTerminal.PlainModes, terminal.Modes);
        terminal.Start("fg");
        terminal.Until(() => terminal.Screen == first, "the first screen after fg");
        Leave(terminal, "C-c");
    }

    [TmuxFact]
    public void A_click_on_a_heading_orders_and_a_double_click_goes_into_a_row()
    {
        using TmuxTerminal terminal = Top();
        int column = 1 + Line(terminal, 2).IndexOf("exits/s", StringComparison.Ordinal);
        terminal.Send($"\u001b[<0;{column};3M\u001b[<0;{column};3m");
        terminal.WaitFor("VMs by exits/s");
        terminal.Send("\u001b[<0;3;4M\u001b[<0;3;4m\u001b[<0;3;4M\u001b[<0;3;4m");
        terminal.Until(() => Line(terminal, 1).Contains("vCPUs", StringComparison.Ordinal), "the vCPUs of the VM");
        Leave(terminal, "q");
    }

    [TmuxFact]
    public void What_is_shown_is_written_for_its_owner_alone()
    {
        using TmuxTerminal terminal = Top();
        terminal.Keys("w");
        terminal.WaitFor("written: kvmscope-top-");
        string[] files = [.. Directory.GetFiles(terminal.Folder, "kvmscope-top-*").Order()];
        Assert.Equal([".json", ".txt"], files.Select(Path.GetExtension));
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        string[] text = File.ReadAllLines(files[1]);
        Assert.Equal(Line(terminal, 2).TrimEnd(), text[2].TrimEnd());
        Assert.Contains("\"schema\":\"kvmscope/top/1\"", File.ReadAllText(files[0]), StringComparison.Ordinal);
        Leave(terminal, "q");
    }

    [TmuxFact]
    public void Where_there_is_no_screen_once_is_named_and_works()
    {
        using var terminal = new TmuxTerminal();
        string file = Record(terminal);
        string answer = terminal.Run($"TERM=dumb {s_program} top {file} < /dev/tty 2>&1 > /dev/tty");
        Assert.Contains("the terminal 'dumb' cannot show a screen", answer, StringComparison.Ordinal);
        Assert.Contains("--once", answer, StringComparison.Ordinal);
        Assert.EndsWith("status=2", answer, StringComparison.Ordinal);
        Assert.EndsWith("status=0", terminal.Run($"TERM=dumb {s_program} top {file} --once"), StringComparison.Ordinal);
    }

    private static TmuxTerminal Top(int columns = 120, int rows = 30)
    {
        var terminal = new TmuxTerminal(columns: columns, rows: rows);
        terminal.Start($"cd {terminal.Folder} && {s_program} top {Record(terminal)}");
        terminal.WaitFor("VMs by ");
        terminal.WaitFor("[?] help");
        return terminal;
    }

    private static string Record(TmuxTerminal terminal)
    {
        string file = Path.Join(terminal.Folder, "x.kvmscope");
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true, Isa = Isa.Vmx };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(5) };
        Assert.Equal(0, world.Run("record", "-o", file).Status);
        return file;
    }

    private static string Line(TmuxTerminal terminal, int row) => terminal.Screen.Split('\n')[row];

    private static void Leave(TmuxTerminal terminal, string key)
    {
        terminal.Keys(key);
        terminal.Until(() => terminal.Modes == TmuxTerminal.PlainModes, "plain modes");
        Assert.Equal("usable\nstatus=0", terminal.Run("echo usable"));
    }
}
