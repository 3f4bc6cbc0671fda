using System.CommandLine;
using Kvmscope.CommandLine;
using Kvmscope.Core;
using Kvmscope.Core.Recordings;
using Kvmscope.Core.Sources;
using Kvmscope.Interchange;
using Kvmscope.Recordings;
using Kvmscope.Running;
using Kvmscope.Terminal;

namespace Kvmscope.Commands;

/// <summary><c>kvmscope import</c>: a recording of what other tools captured.</summary>
internal sealed class ImportCommand : ICommand
{
    private const int StatusOfInterrupt = 130;
    private const string StandardInput = "-";

    private readonly Option<string> _output = OptionFactory.Value("--output", "FILE", "The recording, a new file.");
    private readonly Option<string> _interval =
        OptionFactory.Value("--interval", "TIME", "The length of an interval of the recording (default: 1s).");
    private readonly Option<string> _slower = OptionFactory.Value("--slower", "TIME",
        "Also keep each exit of at least this handling time, for 'report FILE slower'; a bare number is ms.");
    private readonly Option<bool> _check = OptionFactory.Switch("--check", "Say what the files hold and lack, and write nothing.");

    /// <inheritdoc/>
    public CommandHelp Help { get; } = new("import", "FILE... -o OUT [options]",
        "Make a recording of a perf.data, a trace.dat or their text",
        "Reads what perf ('perf kvm stat record'), trace-cmd or the kernel's own trace captured of KVM, also as text ('perf script', "
        + "'trace-cmd report'), and writes a recording, on which report, top, diff and assert work. What the capture lacks is said in each "
        + "answer. Works on any machine and without root. '-' is standard input. Several files are parts of one capture.",
        [
            new("kvmscope import perf.data.guest -o customer.kvmscope", "What 'perf kvm stat record' wrote."),
            new("kvmscope import trace.dat --slower 1ms -o trace.kvmscope", "What 'trace-cmd record -e kvm' wrote, and its slow exits."),
            new("kvmscope import script.txt -o run.kvmscope", "What 'perf script' or 'trace-cmd report' printed."),
            new("kvmscope import --check trace.dat", "What is in it, and what is not."),
        ]);

    /// <inheritdoc/>
    public Argument<string[]> Words { get; } = new("FILE") { Arity = ArgumentArity.ZeroOrMore };

    /// <inheritdoc/>
    public IReadOnlyList<OptionGroup> Groups => [new("Import", [_output, _interval, _slower, _check])];

    /// <inheritdoc/>
    public int Run(Invocation invocation, CommandContext context)
    {
        IReadOnlyList<string> names = invocation.Words;
        if (names.Count == 0)
            throw UsageError.Of("import needs a file", "Give a perf.data, a trace.dat or a text: import perf.data -o OUT");
        if (names.Count(name => name == StandardInput) > 1) throw UsageError.Of("standard input can be read once", "Give one '-'.");
        bool isCheck = invocation.Result.Has(_check);
        string? path = invocation.Result.Text(_output);
        if (isCheck && path is not null) throw UsageError.Of("--check writes nothing", "Leave -o out, or --check.");
        if (!isCheck && path is null or "" or "-") throw UsageError.Of("the recording needs a name", "Give it with -o FILE.");
        ImportOptions options = Read(invocation);
        CaptureInput[] inputs = [.. names.Select(name => InputOf(name, context.System))];
        using ITraceEnd end = context.TraceEnd();
        end.Listen();
        using var status = new WorkStatus(context);
        CaptureImport? import = null;
        import = new CaptureImport(inputs, bytes =>
        {
            status.Say(bytes, import?.Bytes);
            return !end.Wait(TimeSpan.Zero);
        });
        if (isCheck)
        {
            IReadOnlyList<InputReport> reports = import.Check();
            status.Clear();
            new ImportReportView(context.Out).Write(reports);
        }
        else
        {
            Write(import, options, path!, context, status);
        }
        return import.IsInterrupted ? StatusOfInterrupt : (int)ExitStatus.Fine;
    }

    private static void Write(CaptureImport import, ImportOptions options, string path, CommandContext context, WorkStatus status)
    {
        using RecordingFile file = RecordingFile.Create(context.System, path);
        RecordingWriter? writer = null;
        IReadOnlyList<InputReport> reports = import.Run(options,
            header =>
            {
                writer = new RecordingWriter(header, file.AppendUnsynced);
                writer.Begin();
            },
            interval => writer!.Add(interval));
        writer!.End();
        file.Sync();
        status.Clear();
        ImportReportView.Warn(reports, context.Say);
        if (import.IsInterrupted) context.Say("interrupted: the recording ends with what was read so far");
        if (import.Failure is { } failure)
            throw new KvmscopeException(failure.Status, failure.Message, $"What was read before that is in '{path}'.", failure);
        context.Status($"imported {writer.Intervals} intervals, {WorkStatus.Size(file.Length)}");
        context.Status($"kvmscope report {path}");
    }

    private ImportOptions Read(Invocation invocation)
    {
        long interval = invocation.Result.Text(_interval) is { } text ? (long)Durations.Parse("--interval", text) : 1_000_000_000;
        if (interval is < 10_000_000 or > 86_400_000_000_000)
            throw UsageError.Of($"--interval '{invocation.Result.Text(_interval)}' is out of range", "Give a time from 10ms to 24h.");
        return new ImportOptions
        {
            Program = ProgramHelp.Version,
            IntervalNs = interval,
            SlowNs = invocation.Result.Text(_slower) is { } slower ? Threshold.Parse(slower) : 0,
        };
    }

    private static CaptureInput InputOf(string name, IOperatingSystem system)
    {
        if (name == StandardInput) return new CaptureInput("standard input", Console.OpenStandardInput, null);
        if (Directory.Exists(name))
            throw UsageError.Of($"'{name}' is a folder",
                "Give the files in it; of 'perf record --threads' import the text of 'perf script'.");
        if (!File.Exists(name)) throw UsageError.Of($"there is no file '{name}'", "Give a perf.data, a trace.dat or a text.");
        // A pipe is opened once, as its writer ends with its first reader.
        return new CaptureInput(name, () => Open(name), system.IdentityOf(name) is null ? null : new FileInfo(name).Length);
    }

    private static FileStream Open(string name)
    {
        try
        {
            return new FileStream(name, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KvmscopeException(ExitStatus.Usage, $"cannot read '{name}': {IoReason.Of(error)}",
                "Is it the right file, and yours?", error);
        }
    }
}
