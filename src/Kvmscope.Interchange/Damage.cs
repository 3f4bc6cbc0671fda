using Kvmscope.Core;

namespace Kvmscope.Interchange;

/// <summary>Errors of inputs that cannot be read.</summary>
internal static class Damage
{
    /// <summary>The input is damaged.</summary>
    internal static KvmscopeException At(FormattableString what) => new(ExitStatus.Failed, FormattableString.Invariant(what),
        "The file is damaged or was cut: copy it again, or import the text of 'perf script' or 'trace-cmd report'.");

    /// <summary>It is something that this version does not read.</summary>
    internal static KvmscopeException Unsupported(FormattableString what, string hint) =>
        new(ExitStatus.Failed, FormattableString.Invariant(what), hint);
}
