using Kvmscope.Core.Tracing;
using System.Globalization;
using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Output;

/// <summary>Words of the machine formats: they are a promise, and never change with a table or a view.</summary>
internal static class MachineNames
{
    internal const string Schema = "kvmscope/1";

    /// <summary>The code for machines: raw, on arm64 the exception class alone.</summary>
    internal static ulong Number(ExitCode code) => code.Isa == Isa.Arm64 ? ExitReasons.ArmParts(code.Code).Class ?? 0 : code.Code;

    internal static string Of(CheckVerdict verdict) => verdict switch
    {
        CheckVerdict.Ok => "ok",
        CheckVerdict.Limited => "limited",
        CheckVerdict.Failed => "failed",
        _ => "unknown",
    };

    internal static string Of(Isa isa) => isa switch
    {
        Isa.Vmx => "vmx",
        Isa.Svm => "svm",
        Isa.Arm64 => "arm64",
        _ => "none",
    };
}

/// <summary>Times as machine formats have them: RFC 3339 to 100 ns, in UTC.</summary>
public static class Rfc3339
{
    /// <summary>The time as text.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
}
