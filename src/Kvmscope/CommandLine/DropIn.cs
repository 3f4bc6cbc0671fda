namespace Kvmscope.CommandLine;

/// <summary>A name of the original tools, through which the program can be started.</summary>
internal enum DropIn
{
    /// <summary>kvm_vmexit_count: no arguments.</summary>
    Count,

    /// <summary>kvm_vmexit_time: no arguments.</summary>
    Time,

    /// <summary>kvm_vmexit_time_hist [EXIT_NO].</summary>
    Hist,

    /// <summary>kvm_vmexit_slower [MS] [--excludes N,N,].</summary>
    Slower,
}
