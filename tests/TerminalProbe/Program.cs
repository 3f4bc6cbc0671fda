using System.Globalization;
using Kvmscope.Core;
using Kvmscope.Live.Screen;
using Kvmscope.TerminalProbe;
using Kvmscope.Terminal.Curses;

// terminal-probe [bench REFRESHES]: shows its size and what was typed. Characters that do something: q quits, x throws, a fails, h hangs.
TerminalDescription description;
try
{
    description = TerminalDescription.Prepare(Environment.GetEnvironmentVariable);
}
catch (KvmscopeException error)
{
    Console.Error.WriteLine(error.Message);
    Console.Error.WriteLine(error.Hint);
    return (int)error.Status;
}

var grid = new CellGrid();
if (args is ["bench", var refreshes])
{
    Console.WriteLine(Bench.Run(description, int.Parse(refreshes, CultureInfo.InvariantCulture)));
    return 0;
}
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
        if (input == LiveInput.Of('h')) Thread.Sleep(Timeout.Infinite);
    }
}
Console.WriteLine("ended");
return 0;
