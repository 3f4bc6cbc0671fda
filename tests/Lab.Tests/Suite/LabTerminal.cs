namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A terminal in which one program runs: a session of tmux with a server of its own.</summary>
internal sealed class LabTerminal : IDisposable
{
    private const string Tmux = "/usr/bin/tmux";

    private readonly string _socket;

    /// <summary>Starts a program in a terminal of 120 columns and 40 rows.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="folder">The program's working directory.</param>
    /// <param name="command">The program and its arguments, in shell syntax.</param>
    internal LabTerminal(LabHost host, string folder, string command)
    {
        if (!File.Exists(Tmux)) throw new SuiteSkip("tmux is not installed");
        _socket = Path.Combine(host.Folder, $"tmux-{Guid.NewGuid():N}");
        // What the program says when it ends stays on the screen, also after Ctrl-C, which reaches the shell too.
        Run("new-session", "-d", "-x", "120", "-y", "40", "-c", folder, $"trap : INT; LC_ALL=C.UTF-8 {command}; echo \"status $?\"; cat");
    }

    /// <summary>What is on the screen now.</summary>
    internal string Screen => Run("capture-pane", "-p");

    /// <summary>Types keys, each as tmux names it.</summary>
    internal void Type(params string[] keys) => Run(["send-keys", .. keys]);

    /// <summary>Waits until the screen has this text.</summary>
    internal void WaitFor(string text)
    {
        string screen = "";
        Deadline.Until(() => (screen = Screen).Contains(text, StringComparison.Ordinal), () => $"no '{text}' on the screen:\n{screen}\n");
    }

    public void Dispose() => LabHost.Run(Tmux, "-S", _socket, "kill-server");

    private string Run(params string[] words)
    {
        (int status, string output, string errors) = LabHost.Run(Tmux, ["-S", _socket, "-f", "/dev/null", .. words]);
        Check.Equal(0, status, $"status of tmux {words[0]} ({errors})");
        return output;
    }
}
