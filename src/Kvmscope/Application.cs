using Kvmscope.CommandLine;
using Kvmscope.Commands;
using Kvmscope.Core;
using Kvmscope.Terminal;

namespace Kvmscope;

/// <summary>The program: from a command line to an exit status.</summary>
internal static class Application
{
    /// <summary>The commands, in the order of --help.</summary>
    public static IReadOnlyList<ICommand> Commands()
    {
        List<ICommand> commands = [];
        commands.AddRange(
        [
            new CountCommand(), new TimeCommand(), new HistCommand(), new SlowerCommand(), new LastCommand(), new TopCommand(),
            new ServeCommand(), new RecordCommand(), new ReportCommand(), new DiffCommand(), new AssertCommand(),
            new ImportCommand(), new ExportCommand(),
            new ListCommand(), new CheckCommand(), new ExplainCommand(), new DemoCommand(), new CompletionCommand(),
            new CompleteCommand(() => commands), new ManCommand(() => commands),
        ]);
        return commands;
    }

    /// <summary>Runs the program; anticipated errors become one or two lines on standard error.</summary>
    /// <param name="argv0">The name by which it was started.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="context">Everything outside the program.</param>
    /// <returns>The exit status.</returns>
    public static int Run(string argv0, string[] args, CommandContext context)
    {
        try
        {
            context.Prepare();
            int status = DropInNames.Find(argv0) is { } tool ? DropInCommand.Run(tool, args, context) : Run(args, context);
            context.Out.Flush();
            return status;
        }
        catch (KvmscopeException error)
        {
            context.Say(error.Message);
            foreach (string line in error.Lines) context.Tell($"  {line}");
            if (error.Hint is { } hint) context.Tell($"  {hint}");
            if (error.Status == ExitStatus.NotPermitted && !context.IsPrivileged)
                context.Tell($"  as root: sudo {string.Join(' ', args.Prepend(argv0).Select(ShellWord.Of))}");
            return (int)error.Status;
        }
        catch (OutOfMemoryException)
        {
            context.Say("there is not enough memory");
            context.Tell("  Raise the limit (ulimit -v, MemoryMax=), or ask for less: some VMs, vCPUs or reasons, or a part of the time.");
            return (int)ExitStatus.Failed;
        }
        catch (BrokenPipeException)
        {
            // The reader has enough ('| head'): this is not an error.
            return (int)ExitStatus.Fine;
        }
    }

    private static int Run(string[] args, CommandContext context)
    {
        IReadOnlyList<ICommand> commands = Commands();
        ParsedLine line = new CommandLineParser(commands).Parse(args);
        switch (line)
        {
            case { Kind: LineKind.Command, Invocation: { } invocation }:
                return invocation.Command.Run(invocation, context);
            case { Kind: LineKind.Help, Topic: { } topic }:
                new HelpText(context.Out, context.Screen.Width).WriteCommand(topic);
                return (int)ExitStatus.Fine;
            case { Kind: LineKind.Version }:
                context.Out.WriteLine($"kvmscope {ProgramHelp.Version}");
                return (int)ExitStatus.Fine;
            case { Kind: LineKind.Licenses }:
                Licences.Write(context.Out);
                return (int)ExitStatus.Fine;
            case { Kind: LineKind.Nothing }:
                new HelpText(context.Error, context.Screen.Width).WriteProgram(commands);
                return (int)ExitStatus.Usage;
            default:
                new HelpText(context.Out, context.Screen.Width).WriteProgram(commands);
                return (int)ExitStatus.Fine;
        }
    }
}
