using Kvmscope.Core;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>What is said where no program can be loaded.</summary>
public sealed class ProgramLoaderTests
{
    [Theory]
    [InlineData(1, ExitStatus.NotPermitted, "loading a BPF program is not permitted", "run as root, or with CAP_BPF and CAP_PERFMON")]
    [InlineData(12, ExitStatus.Failed, "not enough memory for the tables of counters, which take 24.0 MiB",
        "free memory, raise the memory limit of its control group, or use a smaller --max-vcpus")]
    // The verifier's word for a program that it does not accept.
    [InlineData(13, ExitStatus.HostUnsupported, "this kernel accepts none of the BPF programs: tp_btf: no; raw_tp: no", "kvmscope check")]
    [InlineData(22, ExitStatus.HostUnsupported, "this kernel accepts none of the BPF programs: tp_btf: no; raw_tp: no", "kvmscope check")]
    public void The_error_names_what_is_missing_and_what_to_do(int errno, ExitStatus status, string message, string hint)
    {
        KvmscopeException error = ProgramLoader.Refused(errno, ["tp_btf: no", "raw_tp: no"], 24 << 20);
        Assert.Equal((status, message), (error.Status, error.Message));
        Assert.Contains(hint, error.Hint);
    }
}
