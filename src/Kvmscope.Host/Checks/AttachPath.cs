namespace Kvmscope.Host.Checks;

/// <summary>How the programs reach the tracepoints.</summary>
public enum AttachPath
{
    /// <summary>Not at all: the exit reason could not be read.</summary>
    None,

    /// <summary><c>raw_tp</c>: kernels up to 5.15 without module BTF, where the tracepoint itself hands over the reason.</summary>
    RawTp,

    /// <summary><c>tp_btf</c>: where the tracepoint's types are in BTF, of the module or of a kernel with KVM built in.</summary>
    TpBtf,
}
