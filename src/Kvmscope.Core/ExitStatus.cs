namespace Kvmscope.Core;

/// <summary>The exit statuses of the program; with <c>-- COMMAND</c> the command's own status is passed on instead.</summary>
public enum ExitStatus
{
    /// <summary>All went well.</summary>
    Fine = 0,

    /// <summary>Something failed while running (an output that cannot be written, a lost connection to the kernel side).</summary>
    Failed = 1,

    /// <summary>The command line is wrong.</summary>
    Usage = 2,

    /// <summary>This host cannot be traced; the message says why, and what would fix it.</summary>
    HostUnsupported = 3,

    /// <summary>Not permitted; the message names the capability that is missing.</summary>
    NotPermitted = 4,

    /// <summary>A rule could not be measured: something was lost, or there was no data. Only <c>assert</c> returns it.</summary>
    Unmeasured = 5,
}
