namespace Kvmscope.Tests.Live;

/// <summary>The terminal alone: terminal-probe shows what comes from it.</summary>
public sealed class TerminalProbeTests
{
    private static readonly string s_probe = Path.Combine(AppContext.BaseDirectory, "terminal-probe");

    [TmuxFact]
    public void Keys_come_by_their_names()
    {
        using TmuxTerminal terminal = Probe();
        terminal.Keys("Up", "Down", "Left", "Right", "S-Left", "S-Right", "Home", "End", "PPage", "NPage");
        terminal.WaitFor("Up Down Left Right ShiftLeft ShiftRight Home End PageUp PageDown");
        terminal.Keys("Tab", "BTab", "Enter", "BSpace", "DC", "F1", "Space");
        terminal.WaitFor("Tab BackTab Enter Backspace Delete\nHelp ' '");
        // Neither stops the output nor is a character.
        terminal.Keys("C-s");
        terminal.Type("jé漢😀");
        terminal.WaitFor("'j' 'é' '漢' '😀'");
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void Escape_alone_is_Escape_and_unknown_sequences_are_nothing()
    {
        using TmuxTerminal terminal = Probe();
        terminal.Keys("Escape");
        terminal.WaitFor("Escape");
        // Would end it, were its letters characters: an unknown sequence, a paste, and the other forms of keys.
        terminal.Send("\u001b[1;9q\u001b[200~\u001bOz\u001b[A\u001bOA\u001b[1~\u001b[F");
        terminal.WaitFor("Escape Up Up Home End");
        Assert.DoesNotContain("'", terminal.Screen, StringComparison.Ordinal);
    }

    [TmuxFact]
    public void The_mouse_clicks_once_and_twice_and_has_a_wheel()
    {
        using TmuxTerminal terminal = Probe(columns: 250);
        Assert.Equal("alternate 1 cursor 0 mouse 1 sgr 1 keys 1 1", terminal.Modes);
        // The second at another place is one of its own; what goes up, and other buttons, are nothing.
        string[] reports = ["0;3;4M", "0;3;4m", "0;240;5M", "0;240;5m", "0;240;5M", "2;1;1M", "64;7;8M", "65;7;8M"];
        terminal.Send(string.Concat(reports.Select(report => "\u001b[<" + report)));
        terminal.WaitFor("Click(2,3) Click(239,4) DoubleClick(239,4) WheelUp(6,7) WheelDown(6,7)");
        terminal.Send("\u001b[M !\"");
        terminal.WaitFor("WheelDown(6,7) Click(0,1)");
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void Foreign_text_wide_characters_and_the_last_place_are_shown()
    {
        using TmuxTerminal terminal = Probe();
        terminal.WaitFor("|漢字|e\u0301|▏▂█|\u1100|?[31m|");
        terminal.WaitFor("-$");
    }

    [TmuxFact]
    public void A_screen_that_is_refreshed_follows_its_window()
    {
        using TmuxTerminal terminal = Probe(columns: 200, rows: 60);
        foreach ((int columns, int rows) in ((int, int)[])[(40, 10), (200, 60), (1, 1), (10, 3), (200, 60)])
        {
            terminal.Resize(columns, rows);
            if (columns < 20) continue;
            terminal.WaitFor($"size {columns}x{rows}");
            terminal.Until(() => terminal.Screen.Split('\n')[rows - 1].EndsWith("--$", StringComparison.Ordinal), "the last row");
        }
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void Stopped_and_continued_it_gives_the_terminal_back_and_takes_it_again()
    {
        using TmuxTerminal terminal = Shell();
        string before = Settings(terminal);
        terminal.Start(s_probe);
        terminal.WaitFor("size 100x24");
        for (int i = 0; i < 2; i++)
        {
            terminal.Keys("C-z");
            terminal.WaitFor("Stopped");
            Assert.Equal(TmuxTerminal.PlainModes, terminal.Modes);
            Assert.Equal(before, Settings(terminal));
            terminal.Run("clear > /dev/tty");
            terminal.Start("fg");
            terminal.WaitFor("size 100x24");
        }
        terminal.Keys("j");
        terminal.WaitFor("'j'");
        AssertEnds(terminal);
        Assert.Equal(before, Settings(terminal));
    }

    [TmuxFact]
    public void Stopped_without_its_knowing_it_draws_all_again()
    {
        using TmuxTerminal terminal = Shell();
        string before = Settings(terminal);
        terminal.Start(Traced(terminal));
        terminal.WaitFor("size 100x24");
        Signal(terminal, "STOP");
        terminal.WaitFor("Stopped");
        terminal.Start("clear; fg");
        terminal.WaitFor("size 100x24");
        terminal.Until(() => terminal.Screen.Split('\n')[23].EndsWith("--$", StringComparison.Ordinal), "the last row");
        terminal.Keys("Up");
        terminal.WaitFor("Up");
        AssertEnds(terminal);
        Assert.Equal(before, Settings(terminal));
    }

    [TmuxFact]
    public void Told_to_go_on_while_it_runs_it_keeps_the_terminal()
    {
        using TmuxTerminal terminal = Shell();
        StartBetween(terminal);
        string typed = "";
        for (int i = 0; i < 10; i++)
        {
            Signal(terminal, "CONT");
            terminal.Keys("j");
            terminal.WaitFor((typed += "'j' ").TrimEnd());
        }
        terminal.Keys("q");
        AssertSame(terminal, "0");
    }

    [TmuxTheory]
    [InlineData("INT", "0")]
    [InlineData("TERM", "0")]
    [InlineData("HUP", "0")]
    [InlineData("QUIT", "131")]
    public void A_signal_gives_the_terminal_back(string signal, string status)
    {
        using TmuxTerminal terminal = Shell();
        StartBetween(terminal);
        Signal(terminal, signal);
        AssertSame(terminal, status);
    }

    [TmuxTheory]
    [InlineData("C-c", "0", "ended")]
    [InlineData("q", "0", "ended")]
    [InlineData("x", "134", "thrown on purpose")]
    public void A_key_that_ends_it_gives_the_terminal_back(string key, string status, string says)
    {
        using TmuxTerminal terminal = Shell();
        StartBetween(terminal);
        terminal.Keys(key);
        AssertSame(terminal, status);
        terminal.WaitFor(says);
    }

    [TmuxFact]
    public void One_that_hangs_gives_the_terminal_back_at_the_third_signal()
    {
        using TmuxTerminal terminal = Shell();
        StartBetween(terminal);
        terminal.Keys("h");
        terminal.WaitFor("hangs");
        terminal.Until(
            () =>
            {
                Signal(terminal, "TERM");
                return File.Exists(Path.Join(terminal.Folder, "after"));
            },
            "the end");
        AssertSame(terminal, "143");
    }

    [TmuxFact]
    public void After_SIGKILL_the_shell_is_usable_with_stty_sane_and_reset()
    {
        using TmuxTerminal terminal = Shell();
        terminal.Start(Traced(terminal));
        terminal.WaitFor("size 100x24");
        Signal(terminal, "KILL");
        terminal.WaitFor("Killed");
        terminal.Start("stty sane; reset");
        // tmux itself stays on the other screen, where xterm leaves it.
        string plain = TmuxTerminal.PlainModes.Replace("alternate 0 ", "", StringComparison.Ordinal);
        terminal.Until(() => terminal.Modes.EndsWith(plain, StringComparison.Ordinal), "plain modes");
        Assert.Equal("usable\nstatus=0", terminal.Run("echo usable"));
        Assert.Contains("icanon", terminal.Run("stty -a < /dev/tty"), StringComparison.Ordinal);
    }

    [TmuxTheory]
    [InlineData("screen")]
    [InlineData("screen-256color")]
    [InlineData("tmux-256color")]
    [InlineData("linux")]
    [InlineData("vt100")]
    [InlineData("xterm")]
    [InlineData("xterm-256color")]
    [InlineData("xterm-younger-than-this-host")]
    public void Kinds_of_terminals_that_hosts_know_or_can_guess(string term)
    {
        using var terminal = new TmuxTerminal(term);
        StartBetween(terminal);
        terminal.WaitFor($"color {term != "vt100"} unicode {term != "linux"}");
        terminal.Keys("Up", "S-Left", "Home", "End", "PPage", "Escape");
        terminal.WaitFor("Up ShiftLeft Home End PageUp Escape");
        terminal.WaitFor("--$");
        terminal.Keys("q");
        AssertSame(terminal, "0");
    }

    [TmuxFact]
    public void Without_colour_where_nobody_wants_it()
    {
        using var terminal = new TmuxTerminal(variables: "NO_COLOR=1");
        terminal.Start(s_probe);
        terminal.WaitFor("color False");
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void Only_ASCII_in_the_C_locale()
    {
        using var terminal = new TmuxTerminal(locale: "C");
        terminal.Start(s_probe);
        terminal.WaitFor("unicode False");
        terminal.WaitFor("|? ? |e|???|? |?[31m|");
        terminal.Type("é");
        terminal.Keys("j");
        terminal.WaitFor("'j'");
        Assert.Single(terminal.Screen.Split('\n'), line => line.Contains("'j'", StringComparison.Ordinal) && line[0] == '\'');
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void A_locale_that_is_not_installed_still_says_UTF_8()
    {
        using var terminal = new TmuxTerminal(locale: "xx_YY.UTF-8");
        terminal.Start(s_probe);
        terminal.WaitFor("unicode True");
        AssertEnds(terminal);
    }

    [TmuxFact]
    public void A_description_of_the_user_is_read_before_privileges_are_dropped()
    {
        using var terminal = new TmuxTerminal();
        string home = Path.Join(terminal.Folder, "home");
        terminal.Run($"infocmp xterm-256color | sed 's/^xterm-256color/of-my-own/' > {home}.ti");
        terminal.Run($"mkdir {home} && tic -x -o {home}/.terminfo {home}.ti");
        terminal.Start($"HOME={home} TERM=of-my-own {s_probe} without {home}");
        terminal.WaitFor("size 100x24 color True");
        Assert.False(Directory.Exists(home));
        AssertEnds(terminal);
    }

    [TmuxTheory]
    [InlineData("TERM=dumb", "the terminal 'dumb' cannot show a screen")]
    [InlineData("TERM=", "the kind of this terminal is not known: TERM is not set")]
    [InlineData("TERM=nonsense", "the terminal 'nonsense' is not known on this host")]
    [InlineData("TERM=../../etc/passwd", "the terminal '../../etc/passwd' is not known on this host")]
    public void A_terminal_that_cannot_show_a_screen_is_an_error_that_names_once(string variable, string says)
    {
        using TmuxTerminal terminal = Shell();
        string answer = terminal.Run($"{variable} {s_probe} < /dev/tty 2>&1 > /dev/tty");
        Assert.StartsWith(says + "\n", answer, StringComparison.Ordinal);
        Assert.Contains("--once", answer, StringComparison.Ordinal);
        Assert.EndsWith("status=2", answer, StringComparison.Ordinal);
        Assert.Equal(TmuxTerminal.PlainModes, terminal.Modes);
    }

    [TmuxTheory]
    [InlineData("< /dev/null 2>&1 > /dev/tty", "standard input is not a terminal")]
    [InlineData("< /dev/tty 2>&1 > /dev/null", "standard output is not a terminal")]
    public void Without_a_terminal_it_is_an_error_that_names_once(string streams, string says)
    {
        using TmuxTerminal terminal = Shell();
        string answer = terminal.Run($"{s_probe} {streams}");
        Assert.Equal(says + "\nPrint one screen as text instead: --once.\nstatus=2", answer);
    }

    private static TmuxTerminal Shell() => new();

    private static string Settings(TmuxTerminal terminal) => terminal.Run("stty -a < /dev/tty");

    private static TmuxTerminal Probe(int columns = 100, int rows = 24)
    {
        var terminal = new TmuxTerminal(columns: columns, rows: rows);
        terminal.Start(s_probe);
        terminal.WaitFor($"size {columns}x{rows}");
        return terminal;
    }

    // So that its process can be found.
    private static string Traced(TmuxTerminal terminal) => $"sh -c 'ulimit -c 0; echo $$ > {terminal.Folder}/pid; exec {s_probe}'";

    // A shell that is not interactive leaves settings alone, so they are what the probe leaves.
    private static void StartBetween(TmuxTerminal terminal)
    {
        string script = Path.Join(terminal.Folder, "between");
        string[] lines =
        [
            "trap : INT", $"cd {terminal.Folder}", "stty -a > before", Traced(terminal), "echo $? > status", "stty -a > last",
            "mv last after",
        ];
        File.WriteAllLines(script, lines);
        terminal.Start($"sh {script}");
        terminal.WaitFor("size 100x24");
    }

    private static void Signal(TmuxTerminal terminal, string signal)
    {
        string pid = File.ReadAllText(Path.Join(terminal.Folder, "pid")).Trim();
        using var kill = System.Diagnostics.Process.Start("sh", ["-c", $"kill -{signal} {pid} 2> /dev/null; true"]);
        kill.WaitForExit();
    }

    private static void AssertSame(TmuxTerminal terminal, string status)
    {
        string Text(string file) => File.ReadAllText(Path.Join(terminal.Folder, file)).Trim();
        terminal.Until(() => File.Exists(Path.Join(terminal.Folder, "after")), "the end");
        Assert.Equal(Text("before"), Text("after"));
        Assert.Equal(status, Text("status"));
        Assert.Equal(TmuxTerminal.PlainModes, terminal.Modes);
        Assert.Equal("usable\nstatus=0", terminal.Run("echo usable"));
    }

    private static void AssertEnds(TmuxTerminal terminal)
    {
        terminal.Keys("q");
        terminal.WaitFor("ended");
        Assert.Equal(TmuxTerminal.PlainModes, terminal.Modes);
    }
}
