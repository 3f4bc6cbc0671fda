using Kvmscope.Core;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Checks;

/// <summary>The result of a check: its line, and its text as an error.</summary>
/// <param name="Line">The line.</param>
/// <param name="Error">The error as one line; null: made from the line.</param>
internal sealed record Finding(HostCheck Line, string? Error = null)
{
    internal static Finding Ok(string name, string found) => new(new HostCheck(name, CheckVerdict.Ok, found));

    internal static Finding Unknown(string name, string found, string? hint = null) =>
        new(new HostCheck(name, CheckVerdict.Unknown, found, hint));

    internal static Finding Limited(string name, string found, string? hint = null) =>
        new(new HostCheck(name, CheckVerdict.Limited, found, hint));

    internal static Finding Failed(string name, string found, string hint, string? error = null) =>
        new(new HostCheck(name, CheckVerdict.Failed, found, hint), error);

    internal static Finding Refused(string name, string found, string hint, string? error = null) =>
        new(new HostCheck(name, CheckVerdict.Failed, found, hint, ExitStatus.NotPermitted), error);

    /// <summary>The error that a failed check stands for.</summary>
    internal KvmscopeException ToException() => new(Line.Status, Error ?? $"{Line.Name}: {Line.Found}", Line.Hint);
}
