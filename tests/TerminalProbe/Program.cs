using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Live.Screen;
using Kvmscope.TerminalProbe;
using Kvmscope.Terminal;
using Kvmscope.Terminal.Curses;

// terminal-probe [bench REFRESHES | without FOLDER]: shows its size and what was typed.
// Characters that do something: q quits, x throws, a fails, h hangs.
// Not through System.Console, which reads the description of the terminal too, and changes its modes.
using TextWriter say = StandardStreams.Error();
TerminalDescription description;
try
{
    description = TerminalDescription.Prepare(Environment.GetEnvironmentVariable);
}
catch (KvmscopeException error)
{
    say.WriteLine($"{error.Message}\n{error.Hint}");
    return (int)error.Status;
}

var grid = new CellGrid();
if (args is ["bench", var refreshes])
{
    say.WriteLine(Bench.Run(description, int.Parse(refreshes, CultureInfo.InvariantCulture)));
    return 0;
}
if (args is ["without", var folder]) Directory.Delete(folder, recursive: true);
using (ILiveTerminal terminal = description.Open())
{
    var page = new Page();
    while (true)
    {
        page.Draw(grid, terminal);
        terminal.Show(grid);
        // So often that each test sees a screen that is refreshed.
        if (terminal.Read(TimeSpan.FromMilliseconds(50)) is not { } input) continue;
        page.Add(input);
        if (input.Key == LiveKey.Closed || input == LiveInput.Of('q')) break;
        if (input == LiveInput.Of('x')) throw new InvalidOperationException("thrown on purpose");
        if (input == LiveInput.Of('a')) Environment.FailFast("failed on purpose");
        if (input != LiveInput.Of('h')) continue;
        grid.Put(0, 0, "hangs");
        terminal.Show(grid);
        Thread.Sleep(Timeout.Infinite);
    }
}
say.WriteLine("ended");
return 0;
