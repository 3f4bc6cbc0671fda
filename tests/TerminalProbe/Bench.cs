using System.Diagnostics;
using System.Globalization;
using System.Text;
using Kvmscope.Live.Screen;
using Kvmscope.Terminal.Curses;

namespace Kvmscope.TerminalProbe;

/// <summary>What a refresh costs when each cell changes.</summary>
internal static class Bench
{
    public static string Run(TerminalDescription description, int refreshes)
    {
        var grid = new CellGrid();
        TimeSpan cpu = default;
        long allocated = 0;
        int columns, rows;
        using (ILiveTerminal terminal = description.Open())
        {
            (columns, rows) = (terminal.Columns, terminal.Rows);
            grid.Reset(columns, rows);
            for (int i = 0; i < refreshes + 20; i++)
            {
                if (i == 20) (cpu, allocated) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetAllocatedBytesForCurrentThread());
                for (int row = 0; row < rows; row++)
                    for (int column = 0; column < columns; column++)
                        grid[row][column] = Other(i, row, column);
                terminal.Show(grid);
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        }
        return string.Join(", ",
            string.Create(CultureInfo.InvariantCulture, $"{columns}x{rows}: {cpu.TotalMilliseconds / refreshes:f3} ms of CPU per refresh"),
            string.Create(CultureInfo.InvariantCulture, $"{allocated / refreshes} bytes allocated"),
            string.Create(CultureInfo.InvariantCulture, $"{Environment.WorkingSet / 1e6:f1} MB RSS"));
    }

    // Another character at each refresh.
    private static Cell Other(int refresh, int row, int column) => new(
        new Rune((column & 7) == 0 ? '▁' + ((refresh + column) & 7) : '!' + ((refresh + row + column) % 90)),
        (CellTone)((row + (column >> 3)) % 16));
}
