using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Formats;

/// <summary>Words of the machine formats: they are a promise, and never change with a table or a view.</summary>
internal static class MachineNames
{
    internal const string Schema = "kvmscope/1";

    /// <summary>The code for machines: raw, on arm64 the exception class alone.</summary>
    internal static ulong Number(ExitCode code) => IsaInfo.Of(code.Isa).MachineCode(code.Code);

    internal static string Of(Isa isa) => IsaInfo.Of(isa).Name;
}
