using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvmscope.ContractGen;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Host.Contract;

namespace Kvmscope.Host.Tests.Bpf;

/// <summary>C# and BPF have the same layout: the generated C# is that of the object's BTF.</summary>
public sealed class ContractTests
{
    private static readonly IReadOnlyList<BtfType> s_types = BtfReader.ReadElf(BpfImage.Embedded.Bytes);
    private static readonly Type[] s_mirrors =
    [
        .. typeof(kvmscope_cell).Assembly.GetTypes().Where(t => t.Namespace == typeof(kvmscope_cell).Namespace && !t.IsNested),
    ];

    private static IEnumerable<BtfType> Structs =>
        s_types.Where(
            t => t.Kind == BtfType.Struct && t.Name.StartsWith("kvmscope_", StringComparison.Ordinal) && t.Name != "kvmscope_contract");

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    [Fact]
    public void The_generated_file_is_what_the_generator_writes_now()
    {
        using Stream resource = typeof(ContractTests).Assembly.GetManifestResourceStream("Contract.g.cs")!;
        using StreamReader file = new(resource);
        Assert.Equal(ContractWriter.Write(s_types), file.ReadToEnd(), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Every_struct_has_its_mirror_and_every_mirror_its_struct()
    {
        Assert.Equal(Structs.Select(t => t.Name).Order(), s_mirrors.Where(t => t.IsValueType).Select(t => t.Name).Order());
        Assert.Equal(
            s_types.Where(t => t.Kind == BtfType.Enum && t.Name.StartsWith("kvmscope_", StringComparison.Ordinal))
                .Select(t => t.Name).Order(),
            s_mirrors.Where(t => !t.IsValueType).Select(t => t.Name).Order());
    }

    [Fact]
    public void Sizes_and_offsets_in_memory_are_those_of_BPF()
    {
        foreach (BtfType type in Structs)
        {
            Type mirror = s_mirrors.Single(t => t.Name == type.Name);
            Assert.Equal(((string, uint))(type.Name, type.SizeOrType), (mirror.Name, (uint)SizeOf(mirror)));
            FieldInfo[] fields = mirror.GetFields();
            Assert.Equal(type.Members.Select(m => m.Name), fields.Select(f => f.Name));
            uint end = 0;
            foreach ((FieldInfo field, (string name, _, uint bits)) in fields.Zip(type.Members))
            {
                Assert.Equal((name, bits / 8), (field.Name, (uint)field.GetCustomAttribute<FieldOffsetAttribute>()!.Value));
                // Padding is explicit: each field begins where the field before ends, so the sizes of fields are right too.
                Assert.Equal((name, end), (name, bits / 8));
                end = bits / 8 + (uint)SizeOf(field.FieldType);
            }
            Assert.Equal((type.Name, type.SizeOrType), (type.Name, end));
        }
    }

    [Fact]
    public unsafe void Elements_of_mapped_tables_have_the_kernels_stride()
    {
        Assert.Equal(0, sizeof(kvmscope_cell) % 8);
        Assert.Equal(0, sizeof(kvmscope_slot) % 64);
    }

    [Fact]
    public void The_histogram_of_the_model_is_that_of_the_contract()
    {
        Assert.Equal(kvmscope_limits.KVMSCOPE_HIST_MIN_SHIFT, HistogramLayout.MinShift);
        Assert.Equal(kvmscope_limits.KVMSCOPE_HIST_MAX_SHIFT, HistogramLayout.MaxShift);
        Assert.Equal(kvmscope_limits.KVMSCOPE_HIST_SUB_SHIFT, HistogramLayout.SubShift);
        Assert.Equal(kvmscope_limits.KVMSCOPE_HIST_BINS, HistogramLayout.BinCount);
    }

    [Fact]
    public void Instruction_sets_and_levels_of_the_model_are_those_of_the_contract()
    {
        Assert.Equal(
            [kvmscope_isa.KVMSCOPE_ISA_NONE, kvmscope_isa.KVMSCOPE_ISA_VMX, kvmscope_isa.KVMSCOPE_ISA_SVM,
                kvmscope_isa.KVMSCOPE_ISA_ARM64, kvmscope_isa.KVMSCOPE_ISA_RISCV64],
            Enum.GetValues<Isa>().Select(isa => (int)isa));
        Assert.Equal([1, kvmscope_limits.KVMSCOPE_LEVELS], [(int)ExitLevel.L1, (int)ExitLevel.L2]);
    }
}
