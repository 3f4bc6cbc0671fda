namespace Kvmscope.CommandLine;

/// <summary>Writes man pages in roff, from the same source as --help: kvmscope(8), and one per command, kvmscope-time(8).</summary>
/// <param name="output">Where to.</param>
/// <param name="commands">The commands; hidden ones are left out.</param>
/// <param name="version">The program's version.</param>
internal sealed class ManPage(TextWriter output, IReadOnlyList<ICommand> commands, string version)
{
    private readonly ICommand[] _shown = [.. commands.Where(c => !c.Hidden)];

    /// <summary>The page of the program.</summary>
    public void WriteProgram()
    {
        Head("KVMSCOPE", "kvmscope", ProgramHelp.Summary);
        foreach (CommandHelp help in _shown.Select(c => c.Help)) Synopsis(help);
        Section("DESCRIPTION");
        Text(ProgramHelp.Description);
        Section("COMMANDS");
        foreach (CommandHelp help in _shown.Select(c => c.Help))
        {
            output.WriteLine(".TP");
            output.WriteLine($".BR kvmscope\\-{Escape(help.Name)} (8)");
            Text($"{help.Summary}.");
        }
        Statuses();
        Section("ENVIRONMENT");
        foreach ((string name, string says) in ProgramHelp.Environment) Entry(name, says);
        Section("OTHER NAMES");
        Text(ProgramHelp.DropIns);
        Examples(ProgramHelp.Examples);
        SeeAlso(["perf-kvm(1)", "bpftrace(8)"]);
    }

    /// <summary>The page of a command.</summary>
    public void WriteCommand(ICommand command)
    {
        CommandHelp help = command.Help;
        Head($"KVMSCOPE\\-{help.Name.ToUpperInvariant()}", $"kvmscope-{help.Name}", help.Summary);
        Synopsis(help);
        Section("DESCRIPTION");
        Text(help.Description);
        if (command.Groups.Count > 0) Section("OPTIONS");
        foreach (OptionGroup group in command.Groups)
        {
            output.WriteLine($".SS {Escape(group.Title)}");
            foreach ((string form, string says) in group.Entries()) Entry(form, says);
        }
        Statuses();
        Examples(help.Examples);
        SeeAlso(["kvmscope(8)"]);
    }

    private void Head(string title, string name, string summary)
    {
        output.WriteLine($".TH {title} 8 \"\" \"kvmscope {version}\" \"System Administration\"");
        Section("NAME");
        output.WriteLine($"{Escape(name)} \\- {Escape(summary)}");
        Section("SYNOPSIS");
    }

    private void Synopsis(CommandHelp help)
    {
        output.WriteLine($".B kvmscope {Escape(help.Name)}");
        if (help.Arguments.Length > 0) Text(help.Arguments);
        output.WriteLine(".br");
    }

    private void Statuses()
    {
        Section("EXIT STATUS");
        foreach ((string status, string says) in ProgramHelp.ExitStatuses) Entry(status, says);
    }

    private void Examples(IReadOnlyList<CommandExample> examples)
    {
        Section("EXAMPLES");
        foreach (CommandExample example in examples) Entry(example.Line, example.Says);
    }

    private void SeeAlso(string[] pages)
    {
        Section("SEE ALSO");
        for (int i = 0; i < pages.Length; i++)
        {
            string[] parts = pages[i].Split('(');
            output.WriteLine($".BR {Escape(parts[0])} ({parts[1]}{(i < pages.Length - 1 ? "," : "")}");
        }
    }

    private void Section(string title) => output.WriteLine($".SH {title}");

    private void Entry(string form, string says)
    {
        output.WriteLine(".TP");
        output.WriteLine($".B {Escape(form)}");
        Text(says);
    }

    private void Text(string text) => output.WriteLine(Escape(text));

    // A hyphen is typographic unless escaped; a line that begins with a dot or quote would be a request.
    private static string Escape(string text)
    {
        text = text.Replace("\\", "\\e").Replace("-", "\\-").Replace("\"", "\\(dq");
        return text is ['.' or '\'', ..] ? $"\\&{text}" : text;
    }
}
