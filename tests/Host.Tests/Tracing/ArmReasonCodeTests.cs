using Kvmscope.Core.Exits;
using Kvmscope.Host.Contract;
using Kvmscope.Host.Tracing;

namespace Kvmscope.Host.Tests.Tracing;

/// <summary>bpf/arm64/reason.h, compiled for this machine, because no guest can have an SError pending on purpose.</summary>
public sealed class ArmReasonCodeTests : IClassFixture<ArmReasonCodeTests.Compiled>
{
    private readonly Compiled _compiled;

    /// <summary>All tests use one library.</summary>
    public ArmReasonCodeTests(Compiled compiled) => _compiled = compiled;

    [Theory]
    [InlineData(0UL, 0x16UL, 0x000UL)] // IRQ: the class is that of an older trap
    [InlineData(1UL, 0x16UL, 0x100UL)]
    [InlineData(2UL, 0x16UL, 0x216UL)]
    [InlineData(2UL, 0x00UL, 0x200UL)]
    [InlineData(2UL, 0x3fUL, 0x23fUL)]
    [InlineData(3UL, 0x24UL, 0x300UL)]
    [InlineData(0x8000_0000UL, 0x24UL, 0x000UL)] // with an SError pending
    [InlineData(0x8000_0002UL, 0x24UL, 0x224UL)]
    [InlineData(0xffff_ffff_8000_0002UL, 0x01UL, 0x201UL)] // an int, extended with its sign
    [InlineData(0x0badca11UL, 0x24UL, 0x0bad_ca11_00UL)]
    public void Arguments_become_a_code(ulong ret, ulong @class, ulong code) => Assert.Equal(code, _compiled.Code(ret, @class));

    [Fact]
    public void Csharp_and_bpf_agree_on_places()
    {
        for (ulong ret = 0; ret < 300; ret++)
            for (ulong number = 0; number < (ret == 2 ? 64u : 1u); number++)
            {
                ulong code = (ret << 8) | number;
                Assert.Equal((int)_compiled.Index(code), Knobs.ReasonIndexOf(code, Isa.Arm64));
            }
    }

    [Fact]
    public void Usual_codes_have_places_of_their_own()
    {
        int[] indexes =
            [.. ExitReasons.All(Isa.Arm64).Where(r => r.Number < 0x400).Select(r => Knobs.ReasonIndexOf(r.Number, Isa.Arm64))];
        Assert.Equal(indexes.Length, indexes.Distinct().Count());
        Assert.DoesNotContain(kvmscope_limits.KVMSCOPE_REASON_INDEX_ODD, indexes);
    }

    /// <summary>The header, compiled for this machine.</summary>
    public sealed unsafe class Compiled : CompiledHeader
    {
        private readonly delegate* unmanaged<ulong, ulong, ulong> _code;
        private readonly delegate* unmanaged<ulong, uint> _index;

        /// <summary>Compiles it.</summary>
        public Compiled()
            : base("arm64/reason.h", """
                u64 code_of(u64 ret, u64 ec) { return reason_code(ret, ec); }
                u32 index_of(u64 code) { return reason_index(code); }
                """)
        {
            _code = (delegate* unmanaged<ulong, ulong, ulong>)Export("code_of");
            _index = (delegate* unmanaged<ulong, uint>)Export("index_of");
        }

        internal ulong Code(ulong ret, ulong @class) => _code(ret, @class);

        internal uint Index(ulong code) => _index(code);
    }
}
