namespace Kvmscope.Core;

/// <summary>An expected error: one or two lines for the user and an exit status, never shown with a stack trace.</summary>
/// <param name="status">The exit status of the program.</param>
/// <param name="message">What is wrong, one line, no trailing period needed.</param>
/// <param name="hint">What to do about it, one line, or null where nothing can be done.</param>
/// <param name="inner">The cause, for a debugger; never printed.</param>
public sealed class KvmscopeException(ExitStatus status, string message, string? hint = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The exit status of the program.</summary>
    public ExitStatus Status { get; } = status;

    /// <summary>Lines that are shown below the message, such as the text with the error and a mark under it.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>What to do about it, or null.</summary>
    public string? Hint { get; } = hint;

    /// <summary>Whether something that was asked for is not there; of several hosts, another may have it.</summary>
    public bool IsAbsence { get; init; }
}
