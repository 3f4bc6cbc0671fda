using System.Text;
using Kvmscope.CommandLine;
using Kvmscope.Core.Output;
using Kvmscope.Core.Sources;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Terminal;

/// <summary>Where an answer goes: standard output, or the file of <c>-o</c>.</summary>
internal sealed class OutputTarget : IDisposable
{
    private readonly OutputFile? _file;
    private bool _hasBegun;

    private OutputTarget(OutputFile? file, TextWriter writer, Func<ViewStyle> style) =>
        (_file, To) = (file, new Destination(writer, style, file?.Bytes));

    /// <summary>Takes the answer; flush after each.</summary>
    public Destination To { get; }

    /// <summary>Its text.</summary>
    public TextWriter Writer => To.Writer;

    /// <summary>Width and colour of tables there.</summary>
    public ViewStyle Style => To.Style;

    /// <summary>Opens it.</summary>
    /// <exception cref="Core.KvmscopeException">The file cannot be written (status 2).</exception>
    public static OutputTarget Open(OutputPlan plan, CommandContext context)
    {
        if (plan.File is not { } path) return new OutputTarget(null, context.Out, () => context.Screen.Style(plan.Color));
        OutputFile file = OutputFile.Open(path, context.System, plan.IsPrivate);
        return new OutputTarget(file, file.Writer, () => context.Screen.AsFile.Style(plan.Color));
    }

    /// <summary>Called before the first output: empties the file.</summary>
    public void Begin()
    {
        // Once: later calls must not remove what was written since.
        if (!_hasBegun) _file?.Empty();
        _hasBegun = true;
    }

    /// <summary>Closes the file; standard output stays open.</summary>
    public void Dispose() => _file?.Dispose();
}

/// <summary>
/// The file of <c>-o</c>: opened before tracing starts, emptied only before the first output, so that a failed start keeps the former
/// content.
/// </summary>
internal sealed class OutputFile : IDisposable
{
    private readonly FileStream _stream;

    private OutputFile(FileStream stream, string path)
    {
        _stream = stream;
        Bytes = new OutputStream(stream, path);
        Writer = new StreamWriter(Bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Writes to the file; a flush reports a full disk.</summary>
    public TextWriter Writer { get; }

    /// <summary>The same for bytes.</summary>
    public Stream Bytes { get; }

    /// <summary>Opens the file.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="system">Tells whose files are in the folder.</param>
    /// <param name="isPrivate">Whether a new file can be read only by its owner, as recordings are.</param>
    /// <exception cref="Core.KvmscopeException">It cannot be written (status 2, with the reason).</exception>
    public static OutputFile Open(string path, IOperatingSystem system, bool isPrivate)
    {
        if (Directory.Exists(path)) throw Refused(path, "it is a directory");
        try
        {
            bool isShared = system.IsShared(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
            // A new file is never made through a link.
            bool isNew = !Path.Exists(path) && new FileInfo(path).LinkTarget is null;
            FileMode mode = isShared ? FileMode.CreateNew : FileMode.OpenOrCreate;
            if (!isShared || isNew) return new OutputFile(new FileStream(path, Options(mode, isPrivate)), path);
            SafeFileHandle own = system.OpenOwn(path)
                ?? throw Refused(path, "it is not a file of yours, and is in a folder that all may write");
            return new OutputFile(new FileStream(own, FileAccess.Write, bufferSize: 0), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Refused(path, IoReason.Of(error));
        }
    }

    // No lock is taken, so that /dev/stdout, pipes and files being watched work.
    private static FileStreamOptions Options(FileMode mode, bool isPrivate)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (isPrivate) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Empties the file: tracing has started and the former content is no longer needed.</summary>
    public void Empty()
    {
        if (_stream.CanSeek && _stream.Length > 0) _stream.SetLength(0);
    }

    /// <summary>Closes the file; what is not flushed is lost.</summary>
    public void Dispose() => _stream.Dispose();

    private static Core.KvmscopeException Refused(string path, string reason) =>
        UsageError.Of($"cannot write '{path}': {reason}", "Choose another file with -o, or leave it out to write to standard output.");
}
