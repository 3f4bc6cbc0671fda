namespace Kvmscope.Core.Sources;

/// <summary>How one check of the host came out.</summary>
public enum CheckVerdict
{
    /// <summary>Works.</summary>
    Ok,

    /// <summary>Works with a limit that the user should know.</summary>
    Limited,

    /// <summary>Tracing is not possible while this stands.</summary>
    Failed,

    /// <summary>Could not be found out.</summary>
    Unknown,
}

/// <summary>One line of <c>kvmscope check</c>.</summary>
/// <param name="Name">What was looked at: kernel, BTF, module BTF, attach path, tracepoints, …</param>
/// <param name="Verdict">How it came out.</param>
/// <param name="Found">What was found, one line.</param>
/// <param name="Hint">What to do, one line, or null.</param>
/// <param name="Status">The exit status that this check stands for when it failed.</param>
public sealed record HostCheck(string Name, CheckVerdict Verdict, string Found, string? Hint = null, ExitStatus Status = ExitStatus.HostUnsupported);
