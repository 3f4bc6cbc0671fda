using System.Globalization;
using System.Text;
using Kvmscope.CommandLine;
using Kvmscope.Core.Histories;
using Kvmscope.Core.Recordings;
using Kvmscope.Live;
using Kvmscope.Live.Keys;
using Kvmscope.Live.Screen;
using Kvmscope.Live.State;

namespace Kvmscope.Tests.Live;

/// <summary>
/// What docs/top.md shows: each block <c>screen COLUMNSxROWS KEY...</c> is what these keys lead to on a recording of three VMs
/// (eng/top-screens makes it), and the keys are those of the program. With KVMSCOPE_UPDATE_DOCS=1 page and picture are rewritten.
/// </summary>
public sealed class TopDocsTests
{
    private const string Open = "```screen ", Close = "```\n", Keys = "<!-- keys -->\n", EndOfKeys = "<!-- end of keys -->\n";

    private static readonly string s_docs = Path.Combine(DocsBlock.Root, "docs"), s_page = Path.Combine(s_docs, "top.md");
    private static readonly string s_recording = Path.Combine(DocsBlock.Root, "tests", "Cli.Tests", "Live", "three-vms.kvmscope");

    [Fact]
    public void Its_screens_are_real()
    {
        string text = File.ReadAllText(s_page);
        var now = new StringBuilder();
        int at = 0;
        for (int open; (open = text.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            int end = text.IndexOf('\n', open) + 1;
            now.Append(text, at, end - at).Append(TextOf(ScreenOf(text[(open + Open.Length)..(end - 1)].Split(' '))));
            at = text.IndexOf(Close, end, StringComparison.Ordinal);
        }
        Assert.True(at > 0, "the page has no screen");
        Check(s_page, text, now.Append(text, at, text.Length - at).ToString());
    }

    [Fact]
    public void Its_picture_is_real()
    {
        string path = Path.Combine(s_docs, "top.svg");
        Check(path, File.Exists(path) ? File.ReadAllText(path) : "", ScreenPicture.Of(ScreenOf(["120x22"])));
    }

    [Fact]
    public void Its_keys_are_those_of_the_program()
    {
        string text = File.ReadAllText(s_page);
        int begin = text.IndexOf(Keys, StringComparison.Ordinal) + Keys.Length, end = text.IndexOf(EndOfKeys, StringComparison.Ordinal);
        Check(s_page, text, text[..begin] + KeyTable() + text[end..]);
    }

    private static string KeyTable()
    {
        var table = new StringBuilder("\n| | key | what it does |\n|---|---|---|\n");
        string topic = "";
        foreach (LiveAction action in LiveActions.Listed)
        {
            table.Append(CultureInfo.InvariantCulture,
                $"| {(action.Topic == topic ? "" : action.Topic)} | `{action.Keys}` | {action.What} |\n");
            topic = action.Topic;
        }
        return table.Append('\n').ToString();
    }

    private static CellGrid ScreenOf(string[] words)
    {
        using FileStream file = File.OpenRead(s_recording);
        var set = new RecordingSet([RecordingPart.Of(Recording.Open(file, s_recording))], _ => Recording.Open(file, s_recording));
        var source = new LiveSource($"{set.Header.Host}, three-vms.kvmscope", new RecordedHistory(set), IsLive: false)
        {
            Detail = TopOptions.DetailOf(set.Header),
        };
        var app = new LiveApp(source, new LiveState(), unicode: true);
        var grid = new CellGrid();
        int[] size = [.. words[0].Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        grid.Reset(size[0], size[1]);
        app.Draw(grid);
        foreach (string key in words.Skip(1))
        {
            app.Handle(key.Length == 1 ? LiveInput.Of(key[0]) : new LiveInput(Enum.Parse<LiveKey>(key)));
            app.Draw(grid);
        }
        return grid;
    }

    private static string TextOf(CellGrid grid)
    {
        var text = new StringBuilder();
        for (int row = 0; row < grid.Rows; row++)
        {
            var line = new StringBuilder();
            foreach (Cell cell in grid[row])
                if (cell.Character.Value != 0) line.Append(cell.Character.ToString());
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    private static void Check(string path, string text, string now)
    {
        if (Environment.GetEnvironmentVariable("KVMSCOPE_UPDATE_DOCS") == "1") File.WriteAllText(path, now);
        else Assert.Equal(now, text);
    }
}
