namespace Kvmscope.CommandLine;

/// <summary>Writes the man page kvmscope(8) in roff, from the same source as --help.</summary>
internal static class ManPage
{
    /// <summary>Writes it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="commands">The commands; hidden ones are left out.</param>
    /// <param name="version">The program's version.</param>
    public static void Write(TextWriter output, IReadOnlyList<ICommand> commands, string version)
    {
        ICommand[] shown = [.. commands.Where(c => !c.Hidden)];
        output.WriteLine($".TH KVMSCOPE 8 \"\" \"kvmscope {version}\" \"System Administration\"");
        Section(output, "NAME");
        Text(output, $"kvmscope - {ProgramHelp.Summary}");
        Section(output, "SYNOPSIS");
        foreach (CommandHelp help in shown.Select(c => c.Help))
        {
            output.WriteLine($".B kvmscope {Escape(help.Name)}");
            if (help.Arguments.Length > 0) Text(output, help.Arguments);
            output.WriteLine(".br");
        }
        Section(output, "DESCRIPTION");
        Text(output, ProgramHelp.Description);
        Section(output, "COMMANDS");
        foreach (ICommand command in shown) WriteCommand(output, command);
        Section(output, "EXIT STATUS");
        foreach ((string status, string says) in ProgramHelp.ExitStatuses) Entry(output, status, says);
        Section(output, "ENVIRONMENT");
        foreach ((string name, string says) in ProgramHelp.Environment) Entry(output, name, says);
        Section(output, "OTHER NAMES");
        Text(output, ProgramHelp.DropIns);
        Section(output, "EXAMPLES");
        foreach (CommandExample example in ProgramHelp.Examples) Example(output, example);
        Section(output, "SEE ALSO");
        output.WriteLine(".BR perf-kvm (1),\n.BR bpftrace (8)");
    }

    private static void WriteCommand(TextWriter output, ICommand command)
    {
        CommandHelp help = command.Help;
        output.WriteLine($".SS kvmscope {Escape($"{help.Name} {help.Arguments}".TrimEnd())}");
        Text(output, help.Description);
        foreach (OptionGroup group in command.Groups)
        {
            output.WriteLine(".PP");
            output.WriteLine($"{Escape(group.Title)}:");
            foreach ((string form, string says) in group.Entries()) Entry(output, form, says);
        }
        output.WriteLine(".PP");
        output.WriteLine("Examples:");
        foreach (CommandExample example in help.Examples) Example(output, example);
    }

    private static void Section(TextWriter output, string title) => output.WriteLine($".SH {title}");

    private static void Entry(TextWriter output, string form, string says)
    {
        output.WriteLine(".TP");
        output.WriteLine($".B {Escape(form)}");
        Text(output, says);
    }

    private static void Example(TextWriter output, CommandExample example)
    {
        output.WriteLine(".TP");
        output.WriteLine($".B {Escape(example.Line)}");
        Text(output, example.Says);
    }

    private static void Text(TextWriter output, string text) => output.WriteLine(Escape(text));

    // A hyphen is typographic unless escaped; a line that begins with a dot or quote would be a request.
    private static string Escape(string text)
    {
        text = text.Replace("\\", "\\e").Replace("-", "\\-").Replace("\"", "\\(dq");
        return text is ['.' or '\'', ..] ? $"\\&{text}" : text;
    }
}
