namespace Kvmscope.Core.Sources;

/// <summary>The result of one check of the host.</summary>
public enum CheckVerdict
{
    /// <summary>Works.</summary>
    Ok,

    /// <summary>Works with a limit that the user should know.</summary>
    Limited,

    /// <summary>Tracing is not possible.</summary>
    Failed,

    /// <summary>Not known.</summary>
    Unknown,
}

/// <summary>One line of <c>kvmscope check</c>.</summary>
/// <param name="Name">What was checked: kernel, BTF, module BTF, attach path, tracepoints, …</param>
/// <param name="Verdict">The result.</param>
/// <param name="Found">What was found, one line.</param>
/// <param name="Hint">What to do, one line, or null.</param>
/// <param name="Status">The exit status when this check failed.</param>
public sealed record HostCheck(
    string Name, CheckVerdict Verdict, string Found, string? Hint = null, ExitStatus Status = ExitStatus.HostUnsupported);
