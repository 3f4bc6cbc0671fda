using Kvmscope.Core.Output.Text;

namespace Kvmscope.CommandLine;

/// <summary>Writes --help.</summary>
/// <param name="output">Where to.</param>
/// <param name="width">Columns of the terminal; more than 80 are not used.</param>
internal sealed class HelpText(TextWriter output, int width)
{
    private const int MostWidth = 80;
    private const int FormColumn = 26;
    private const int ListColumn = 25;
    private const int NarrowBelow = 60;

    private readonly int _width = Math.Clamp(width, 20, MostWidth);

    /// <summary>The program's help.</summary>
    public void WriteProgram(IReadOnlyList<ICommand> commands)
    {
        Paragraph($"kvmscope {ProgramHelp.Summary}", "");
        output.WriteLine();
        output.WriteLine("Usage: kvmscope COMMAND [options]");
        Heading("Commands");
        foreach (CommandHelp help in commands.Where(c => !c.Hidden).Select(c => c.Help))
            Entry($"{help.Name} {Positional(help)}".TrimEnd(), help.Summary, ListColumn);
        Heading("Options");
        Entry("-h, --help", "Show help; with a COMMAND, its options and examples.", ListColumn);
        foreach ((string name, string says) in ProgramHelp.Options) Entry(name, says, ListColumn);
        Examples(ProgramHelp.Examples);
        Heading("Exit status");
        foreach ((string status, string says) in ProgramHelp.ExitStatuses) Entry(status, says, 14);
    }

    /// <summary>One command's help.</summary>
    public void WriteCommand(ICommand command)
    {
        CommandHelp help = command.Help;
        Paragraph($"Usage: kvmscope {help.Name} {help.Arguments}".TrimEnd(), "", "         ");
        output.WriteLine();
        Paragraph(help.Description, "");
        foreach (OptionGroup group in command.Groups)
        {
            Heading(group.Title);
            foreach ((string form, string says) in group.Entries()) Entry(form, says, FormColumn);
        }
        Examples(help.Examples);
    }

    // The arguments before the options; long alternatives in brackets are only in the command's own help.
    private static string Positional(CommandHelp help) =>
        string.Join(' ', help.Arguments.Split(' ').TakeWhile(w => w != "[options]" && w.Count(c => c == '[') == w.Count(c => c == ']')));

    private void Heading(string title)
    {
        output.WriteLine();
        output.WriteLine($"{title}:");
    }

    private void Examples(IReadOnlyList<CommandExample> examples)
    {
        Heading("Examples");
        foreach (CommandExample example in examples)
        {
            Paragraph(example.Line, "  ", "      ");
            Paragraph(example.Says, "      ");
        }
    }

    private void Entry(string form, string says, int column)
    {
        bool narrow = _width < NarrowBelow;
        bool beside = !narrow && form.Length + 4 <= column;
        string indent = new(' ', narrow ? 6 : column);
        string first = $"  {form}";
        if (!beside) output.WriteLine(first);
        foreach (string line in TextWrap.Lines(says, _width - indent.Length))
        {
            output.WriteLine(beside ? first.PadRight(column) + line : indent + line);
            first = "";
        }
    }

    private void Paragraph(string text, string indent, string? further = null)
    {
        further ??= indent;
        string lead = indent;
        foreach (string line in TextWrap.Lines(text, _width - Math.Max(indent.Length, further.Length)))
        {
            output.WriteLine(lead + line);
            lead = further;
        }
    }
}
