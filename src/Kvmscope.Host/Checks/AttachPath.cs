namespace Kvmscope.Host.Checks;

/// <summary>How the programs attach to the tracepoints.</summary>
public enum AttachPath
{
    /// <summary>They cannot attach: the exit reason could not be read.</summary>
    None,

    /// <summary><c>raw_tp</c>: kernels up to 5.15 without module BTF, where the reason is an argument of the tracepoint.</summary>
    RawTp,

    /// <summary><c>tp_btf</c>: where BTF has the types of the tracepoint: the module's BTF, or the kernel's if KVM is built in.</summary>
    TpBtf,
}
