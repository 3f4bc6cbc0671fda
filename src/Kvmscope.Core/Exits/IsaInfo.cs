using Kvmscope.Core.Exits.Arm64;
using Kvmscope.Core.Exits.Riscv64;
using Kvmscope.Core.Exits.Svm;
using Kvmscope.Core.Exits.Vmx;

namespace Kvmscope.Core.Exits;

/// <summary>
/// What is specific to one ISA: its names, its reasons, and what its codes mean and how they are written. One class per ISA, in its own
/// folder; a new one needs that folder, a member of <see cref="Exits.Isa"/> and a line in the list here.
/// </summary>
public abstract class IsaInfo
{
    // By the values of the enumeration.
    private static readonly IsaInfo[] s_byIsa =
        [new UnknownIsaInfo(), new VmxInfo(), new SvmInfo(), new Arm64Info(), new Riscv64Info()];

    private protected IsaInfo(Isa isa, string name, string displayName, string? vendor = null)
    {
        Isa = isa;
        Name = name;
        NameUtf8 = System.Text.Encoding.UTF8.GetBytes(name);
        DisplayName = displayName;
        Title = vendor is null ? displayName : $"{displayName} ({vendor})";
        NumberTitle = vendor is null ? displayName : $"{displayName}, {vendor}";
        Mark = displayName.ToUpperInvariant() + "#";
    }

    /// <summary>All ISAs that are known.</summary>
    public static IReadOnlyList<IsaInfo> All { get; } = s_byIsa[1..];

    /// <summary>All columns of <see cref="CodeColumns"/>: every table of machine formats has all of them.</summary>
    internal static IReadOnlyList<string> AllCodeColumns { get; } = [.. All.SelectMany(info => info.CodeColumns)];

    /// <summary>The ISA.</summary>
    public Isa Isa { get; }

    /// <summary>In machine formats and options: <c>vmx</c>.</summary>
    public string Name { get; }

    /// <summary>For people: <c>VMX</c>.</summary>
    public string DisplayName { get; }

    /// <summary>The display name with the vendor: <c>VMX (Intel)</c>.</summary>
    public string Title { get; }

    /// <summary>What a reason's number belongs to: <c>VMX, Intel</c>.</summary>
    public string NumberTitle { get; private protected init; }

    /// <summary>Whether KVM's tracepoints say if an exit is from L1 or L2.</summary>
    public virtual bool HasLevels => true;

    /// <summary>Whether KVM goes on with the vCPU after an exit that it does not handle: the guest gets an exception.</summary>
    internal virtual bool GoesOnUnhandled => false;

    /// <summary>All reasons, by number.</summary>
    public IReadOnlyList<ExitReasonInfo> Reasons => Rows;

    internal byte[] NameUtf8 { get; }

    /// <summary>What is before the number of a reason that has no name: <c>VMX#</c>.</summary>
    internal string Mark { get; }

    /// <summary>Prefixes of reasons' names, the longest first; only tried when the name itself is not known.</summary>
    internal abstract IReadOnlyList<string> Prefixes { get; }

    /// <summary>The columns of machine formats for a code, besides <see cref="MachineCode"/>.</summary>
    internal virtual IReadOnlyList<string> CodeColumns => [];

    private protected abstract ExitReasonInfo[] Rows { get; }

    /// <summary>The descriptor of an ISA; for <see cref="Isa.None"/> and unknown values, one without reasons.</summary>
    public static IsaInfo Of(Isa isa) => s_byIsa[(int)isa < s_byIsa.Length ? (int)isa : 0];

    /// <summary>The ISAs that a reason may belong to: this one; all where it is not known.</summary>
    public static IReadOnlyList<IsaInfo> Candidates(Isa isa) => isa == Isa.None ? All : [Of(isa)];

    /// <summary>
    /// The code's index in the tables of the kernel side, as in reason_index() of bpf/x86/kvm_compat.bpf.h, bpf/arm64/reason.h and
    /// bpf/riscv64/reason.h; null for rare codes, which have none.
    /// </summary>
    public abstract int? IndexOf(ulong code);

    /// <summary>The code that has this index.</summary>
    public abstract ulong CodeAt(int index);

    /// <summary>What is known of the code's reason, or null.</summary>
    internal virtual ExitReasonInfo? Find(ulong code) => Search(NumberOf(code));

    /// <summary>The reason's number: the code without flags.</summary>
    internal virtual ulong NumberOf(ulong code) => code;

    /// <summary>The reason's number, for people.</summary>
    internal abstract string NumberText(ulong code);

    /// <summary>The reason's name with the code's flags; the number where it has no name.</summary>
    internal virtual string NameOf(ulong code, string? known) => known ?? Mark + NumberText(code);

    /// <summary>Whether the VM entry itself failed.</summary>
    internal virtual bool IsFailedEntry(ulong code) => false;

    /// <summary>Whether an exit with the code <paramref name="seen"/> is meant by <paramref name="wanted"/>.</summary>
    internal virtual bool Matches(ulong wanted, ulong seen) => wanted == seen;

    /// <summary>What the reason's argument is, or null where it has none.</summary>
    internal abstract QualifierInfo? QualifierOf(ulong code);

    /// <summary>Whether exits of this reason are about a page of the guest's memory, whose address is available.</summary>
    public virtual bool HasPage(ulong code) => false;

    /// <summary>The code in machine formats.</summary>
    internal virtual ulong MachineCode(ulong code) => code;

    /// <summary>The value of one of <see cref="CodeColumns"/>; null where the code has none.</summary>
    internal virtual ulong? CodeColumn(ulong code, int column) => null;

    /// <summary>Reads a reason: a number, or a name with or without flags.</summary>
    internal virtual bool TryParse(ReadOnlySpan<char> text, out ulong code) => ExitReasonParser.TryParse(text, this, out code);

    /// <summary>Reads a number; <paramref name="isMarked"/> where <see cref="Mark"/> was before it.</summary>
    internal virtual bool TryNumber(ReadOnlySpan<char> text, bool isMarked, out ulong code) =>
        ExitReasonParser.TryPlain(text, out code) && code <= uint.MaxValue;

    private protected ExitReasonInfo? Search(ulong number)
    {
        ExitReasonInfo[] rows = Rows;
        int low = 0, high = rows.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ulong found = rows[middle].Number;
            if (found == number) return rows[middle];
            if (found < number) low = middle + 1;
            else high = middle - 1;
        }
        return null;
    }

    // For exits whose reason could not be read, and recordings of an ISA that this version does not know.
    private sealed class UnknownIsaInfo() : IsaInfo(Isa.None, "none", "")
    {
        internal override IReadOnlyList<string> Prefixes => [];

        private protected override ExitReasonInfo[] Rows => [];

        public override int? IndexOf(ulong code) => null;

        public override ulong CodeAt(int index) => 0;

        internal override string NumberText(ulong code) => "";

        internal override string NameOf(ulong code, string? known) => code == 0 ? ExitReasons.Unread : Mark + Hex.Of(code);

        internal override QualifierInfo? QualifierOf(ulong code) => null;
    }
}
