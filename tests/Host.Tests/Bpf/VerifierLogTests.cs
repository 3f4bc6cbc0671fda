using CsCheck;
using Kvmscope.Host.Bpf;

namespace Kvmscope.Host.Tests.Bpf;

public sealed class VerifierLogTests
{
    private const string Unbounded = """
        8: (15) if r0 == 0x0 goto pc+5        ; R0=map_value(map=m,ks=4,vs=64)
        9: (79) r1 = *(u64 *)(r7 +8)          ; R1=scalar() R7=ctx()
        10: (0f) r0 += r1
        math between map_value pointer and register with unbounded min value is not allowed
        processed 10 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
        """;

    private const string Bounds = """
        ; slot->index[at] = number;
        57: (63) *(u32 *)(r1 +128) = r2
        R1 unbounded memory access, make sure to bounds check any such access
        verification time 251 usec
        stack depth 0+24
        processed 58 insns (limit 1000000) max_states_per_insn 1 total_states 4 peak_states 4 mark_read 3

        """;

    [Fact]
    public void Says_what_was_refused_and_at_which_instruction()
    {
        Assert.Equal(
            "math between map_value pointer and register with unbounded min value is not allowed (at 10: (0f) r0 += r1)",
            VerifierLog.Summary(Unbounded));
        Assert.Equal(
            "R1 unbounded memory access, make sure to bounds check any such access (at 57: (63) *(u32 *)(r1 +128) = r2)",
            VerifierLog.Summary(Bounds));
    }

    [Fact]
    public void A_refusal_without_an_instruction_stands_alone()
    {
        Assert.Equal(
            "back-edge from insn 9 to 3", VerifierLog.Summary("; loop\nback-edge from insn 9 to 3\nprocessed 9 insns (limit 1000000)\n"));
        Assert.Equal("unknown func bpf_x#999", VerifierLog.Summary("unknown func bpf_x#999"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("processed 4 insns (limit 1000000) max_states_per_insn 0\n")]
    public void A_log_that_refuses_nothing_has_no_summary(string log) => Assert.Null(VerifierLog.Summary(log));

    [Fact]
    public void Any_text_has_a_summary_of_its_own_lines() => Gen.String.Array[0, 6].Sample(lines =>
    {
        string log = string.Join('\n', lines);
        string? summary = VerifierLog.Summary(log);
        return summary is null || log.Contains(summary.Split(" (at ")[0], StringComparison.Ordinal);
    });
}
