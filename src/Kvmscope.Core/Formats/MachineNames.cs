using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Formats;

/// <summary>Words of the machine formats: they are a promise, and never change with a table or a view.</summary>
internal static class MachineNames
{
    internal const string Schema = "kvmscope/1";

    internal static string Of(Isa isa) => isa switch
    {
        Isa.Vmx => "vmx",
        Isa.Svm => "svm",
        _ => "none",
    };
}
