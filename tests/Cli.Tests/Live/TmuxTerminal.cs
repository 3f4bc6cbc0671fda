using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Kvmscope.Tests.Live;

/// <summary>
/// A terminal of its own with a shell in it: keys go in, the screen comes out. Nothing waits for a time; what does not come within
/// a long time is a failure that shows the screen.
/// </summary>
internal sealed class TmuxTerminal : IDisposable
{
    /// <summary>For machines that are slow and busy.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    // Between two looks at the screen: each is a process.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private static readonly string s_environment = string.Join(' ',
        new[] { "PATH", "HOME", "TMPDIR" }.Select(name => $"{name}='{Environment.GetEnvironmentVariable(name) ?? "/tmp"}'")
            .Append($"DOTNET_ROOT='{Path.GetDirectoryName(Environment.ProcessPath)}'"));

    private int _commands;

    /// <summary>Starts the shell.</summary>
    /// <param name="term">What TERM is there.</param>
    /// <param name="columns">The window.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="locale">LC_ALL of the shell.</param>
    /// <param name="variables">More of its environment: NAME=VALUE.</param>
    public TmuxTerminal(string term = "xterm-256color", int columns = 100, int rows = 24, string locale = "C.UTF-8", string variables = "")
    {
        string configuration = Path.Join(Folder, "tmux.conf");
        File.WriteAllText(configuration, "set -g status off\nset -s escape-time 0\nset -g history-limit 100\n");
        string shell = $"exec env -i {s_environment} TERM='{term}' LC_ALL={locale} PS1='sh> ' {variables} bash --norc --noprofile -i";
        try
        {
            Tmux(["-f", configuration, "new-session", "-d", "-x", Number(columns), "-y", Number(rows), shell]);
            WaitFor("sh>");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why such tests cannot run here; null where they can, and in CI.</summary>
    public static string? WhyNot { get; } = WhyNotWith([]);

    /// <summary>The same where more programs are needed.</summary>
    public static string? WhyNotWith(IReadOnlyList<string> programs)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"))) return null;
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return programs.Prepend("tmux").FirstOrDefault(program => !folders.Any(folder => File.Exists(Path.Join(folder, program))))
            is { } missing ? $"needs {missing}" : null;
    }

    /// <summary>A folder of this terminal.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kvmscope-tmux-").FullName;

    /// <summary>What is on the screen: its rows, without spaces at their ends.</summary>
    public string Screen => Tmux(["capture-pane", "-p"]);

    /// <summary>What programs have changed of the terminal: alternate screen, cursor, mouse, keys of the cursor.</summary>
    public string Modes => Tmux(["display", "-p", "alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag} "
        + "sgr #{mouse_sgr_flag} keys #{keypad_cursor_flag} #{keypad_flag}"]).Trim();

    /// <summary>The modes of a terminal that nobody has changed.</summary>
    public static string PlainModes => "alternate 0 cursor 1 mouse 0 sgr 0 keys 0 0";

    /// <summary>Presses keys, by their names in tmux.</summary>
    public void Keys(params ReadOnlySpan<string> keys) => Tmux(["send-keys", .. keys]);

    /// <summary>Types text.</summary>
    public void Type(string text) => Tmux(["send-keys", "-l", text]);

    /// <summary>Sends bytes as a terminal does.</summary>
    public void Send(string bytes) =>
        Tmux(["send-keys", "-H", .. Encoding.UTF8.GetBytes(bytes).Select(unit => unit.ToString("x2", CultureInfo.InvariantCulture))]);

    /// <summary>Gives the window another size.</summary>
    public void Resize(int columns, int rows) => Tmux(["resize-window", "-x", Number(columns), "-y", Number(rows)]);

    /// <summary>Types a command line for the shell.</summary>
    public void Start(string command)
    {
        Type(command);
        Keys("Enter");
    }

    /// <summary>Has the shell run a command, and waits for it.</summary>
    /// <returns>What it printed, with its errors and its status.</returns>
    public string Run(string command)
    {
        string file = Path.Join(Folder, Number(_commands++));
        Start($"{{ {command}; echo status=$?; }} > {file}.tmp 2>&1; mv {file}.tmp {file}");
        Until(() => File.Exists(file), $"'{command}' to end");
        return File.ReadAllText(file).Trim();
    }

    /// <summary>Waits until the screen has a text.</summary>
    public void WaitFor(string text) => Until(() => Screen.Contains(text, StringComparison.Ordinal), $"'{text}'");

    /// <summary>Waits for anything.</summary>
    public void Until(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > s_deadline) Assert.Fail($"waited for {what}; modes: {Modes}; the screen:\n{Screen}");
            Thread.Sleep(s_pause);
        }
    }

    public void Dispose()
    {
        // There is none where it did not start.
        Run(["kill-server"]);
        Directory.Delete(Folder, recursive: true);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Tmux(ReadOnlySpan<string> arguments)
    {
        (int status, string output, string errors) = Run(arguments);
        Assert.True(status == 0, errors);
        return output;
    }

    private (int Status, string Output, string Errors) Run(ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-u", "-S", Path.Join(Folder, "socket"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.Remove("TMUX");
        using Process tmux = Process.Start(start)!;
        Task<string> errors = tmux.StandardError.ReadToEndAsync();
        string output = tmux.StandardOutput.ReadToEnd();
        tmux.WaitForExit();
        return (tmux.ExitCode, output, errors.Result);
    }
}
