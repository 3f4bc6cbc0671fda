using Kvmscope.Tests.Live;

namespace Kvmscope.Tests.Completion;

/// <summary>The scripts in the shells that they are for.</summary>
public sealed class ShellTests
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "kvmscope");

    [TmuxTheory("zsh", "fish")]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void Tab_completes(string shell)
    {
        using TmuxTerminal terminal = Shell(shell);
        Completes(terminal, "kvmscope ti", "kvmscope time");
        Completes(terminal, "kvmscope time --dura", "kvmscope time --duration");
        Completes(terminal, "kvmscope time --level l1 --reason EPT_M", "kvmscope time --level l1 --reason EPT_MISCONFIG");
        Completes(terminal, "kvmscope time --reason HLT,ept_m", "kvmscope time --reason HLT,ept_misconfig");
        Completes(terminal, "kvmscope list --format=cs", "kvmscope list --format=csv");
        Completes(terminal, "kvmscope report 'a fi", "kvmscope report 'a file.kvmscope'");
        Completes(terminal, "kvmscope top --vm='x y' a\\ f", "kvmscope top --vm='x y' a\\ file.kvmscope");
        Completes(terminal, "kvmscope report a b h", "kvmscope report a b hist");
        Completes(terminal, "kvmscope time -- uptim", "kvmscope time -- uptime");
    }

    /// <summary>What is typed is not run.</summary>
    [TmuxTheory("zsh")]
    [InlineData("bash")]
    [InlineData("zsh")]
    public void What_is_typed_is_text(string shell)
    {
        using TmuxTerminal terminal = Shell(shell);
        Completes(terminal, "kvmscope time --vm '$(touch ran)' --dura", "kvmscope time --vm '$(touch ran)' --duration");
        Completes(terminal, "kvmscope time --vm \"$(touch ran)\" --dura", "kvmscope time --vm \"$(touch ran)\" --duration");
        Assert.False(File.Exists(Path.Combine(terminal.Folder, "ran")));
    }

    private static TmuxTerminal Shell(string shell)
    {
        var terminal = new TmuxTerminal(columns: 120, rows: 40);
        Directory.CreateSymbolicLink(Path.Combine(terminal.Folder, "kvmscope"), s_program);
        File.WriteAllText(Path.Combine(terminal.Folder, "a file.kvmscope"), "");
        terminal.Start($"cd {terminal.Folder}; HOME=$PWD; PATH=$PWD:$PATH; kvmscope completion {shell} > _kvmscope");
        terminal.Start(shell switch
        {
            "bash" => "exec env HISTFILE= bash --norc --noprofile -i",
            "zsh" => "exec zsh -f -i",
            _ => "exec fish --no-config --private",
        });
        terminal.Start(shell switch
        {
            "bash" => "source _kvmscope; clear; PS1='ready> '",
            "zsh" => "fpath=($PWD $fpath); autoload -U compinit; compinit -u; clear; PS1='ready> '",
            _ => "source _kvmscope; function fish_prompt; echo 'ready> '; end; clear",
        });
        terminal.WaitFor("ready>");
        return terminal;
    }

    private static void Completes(TmuxTerminal terminal, string typed, string expected)
    {
        terminal.Type(typed);
        terminal.Keys("Tab");
        terminal.Until(() => terminal.Screen.Split('\n').Any(line => line.TrimEnd() == $"ready> {expected}"), $"'{expected}'");
        terminal.Keys("C-u", "C-l");
    }
}
