using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>bpf/riscv64/reason.h, compiled for this machine, for what the lab's guest cannot do.</summary>
public sealed class RiscvReasonCodeTests : IClassFixture<RiscvReasonCodeTests.Compiled>
{
    private const ulong Interrupt = 1UL << 63;

    private readonly Compiled _compiled;

    /// <summary>All tests use one library.</summary>
    public RiscvReasonCodeTests(Compiled compiled) => _compiled = compiled;

    [Fact]
    public void Csharp_and_bpf_agree_on_places()
    {
        for (ulong cause = 0; cause < 300; cause++)
            foreach (ulong code in (ulong[])[cause, Interrupt | cause, (1UL << 62) | cause, (1UL << 32) | cause, ulong.MaxValue - cause])
                Assert.Equal((int)_compiled.Index(code), Knobs.ReasonIndexOf(code, Isa.Riscv64));
    }

    [Fact]
    public void Usual_codes_have_places_of_their_own()
    {
        int[] indexes = [.. ExitReasons.All(Isa.Riscv64).Select(r => Knobs.ReasonIndexOf(r.Number, Isa.Riscv64))];
        Assert.Equal(indexes.Length, indexes.Distinct().Count());
        Assert.DoesNotContain(kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD, indexes);
    }

    // What the assembler makes of these. RiscvReasonTests has the same for captures.
    [Theory]
    [InlineData(0x1050_0073, "WFI")]
    [InlineData(0x00d0_0073, "WRS.NTO")]
    [InlineData(0xc000_2373, "CYCLE read")] // csrr t1, cycle
    [InlineData(0xc010_27f3, "TIME read")] // csrr a5, time
    [InlineData(0x1505_1073, "SISELECT write")] // csrw siselect, a0
    [InlineData(0x1515_2573, "SIREG write")] // csrrs a0, sireg, a0
    [InlineData(0x1510_7573, "SIREG read")] // csrrci a0, sireg, 0
    [InlineData(0x1510_d073, "SIREG write")] // csrwi sireg, 1
    [InlineData(0x15c0_1573, "STOPEI write")] // csrrw a0, stopei, zero
    [InlineData(0x6220_0073, "instruction 0x62200073")] // hfence.gvma
    [InlineData(0x0000_1234, "instruction 0x1234")]
    public void Instructions_are_named(uint instruction, string name)
    {
        Qualifier qualifier = Qualifier.Of(_compiled.Instruction(instruction));
        Assert.Equal(name, Qualifiers.Name(new ExitCode(Isa.Riscv64, 22), qualifier));
    }

    /// <summary>The header, compiled for this machine.</summary>
    public sealed unsafe class Compiled : CompiledHeader
    {
        private readonly delegate* unmanaged<ulong, uint> _index;
        private readonly delegate* unmanaged<uint, ulong> _instruction;

        /// <summary>Compiles it.</summary>
        public Compiled()
            : base("riscv64/reason.h", """
                u32 index_of(u64 code) { return reason_index(code); }
                u64 qualifier_of(u32 insn) { return instruction_of(insn); }
                """)
        {
            _index = (delegate* unmanaged<ulong, uint>)Export("index_of");
            _instruction = (delegate* unmanaged<uint, ulong>)Export("qualifier_of");
        }

        internal uint Index(ulong code) => _index(code);

        internal ulong Instruction(uint instruction) => _instruction(instruction);
    }
}
