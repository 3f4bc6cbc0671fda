using Kvmscope.Core.Exits;

namespace Kvmscope.Core.Tests;

/// <summary>The rules for every descriptor of an ISA; a new ISA is checked without a change here.</summary>
public sealed class IsaInfoTests
{
    public static TheoryData<Isa> Isas => [.. IsaInfo.All.Select(info => info.Isa)];

    [Fact]
    public void Each_isa_has_its_descriptor()
    {
        Isa[] values = Enum.GetValues<Isa>();
        Assert.Equal(values, values.Select(isa => IsaInfo.Of(isa).Isa));
        Assert.Equal(values.Where(isa => isa != Isa.None), IsaInfo.All.Select(info => info.Isa));
        Assert.Equal(values.Length, values.Select(isa => IsaInfo.Of(isa).Name).Distinct().Count());
        Assert.Equal(["vmx", "svm", "arm64", "riscv64"], IsaInfo.All.Select(info => info.Name));
    }

    [Theory]
    [InlineData(1)] // the next one that there will be
    [InlineData(100)]
    public void What_a_later_kernel_says_has_no_reasons_and_is_still_shown(int further)
    {
        var code = new ExitCode((Isa)((int)Enum.GetValues<Isa>().Max() + further), 12);
        Assert.Equal(("#0xc", false, "none"), (ExitReasons.Name(code), ExitReasons.IsKnown(code), IsaInfo.Of(code.Isa).Name));
    }

    [Theory]
    [InlineData(Isa.Vmx, "VMX", "VMX (Intel)", "VMX, Intel", "VMX#")]
    [InlineData(Isa.Svm, "SVM", "SVM (AMD)", "SVM, AMD", "SVM#")]
    [InlineData(Isa.Arm64, "arm64", "arm64", "arm64: return value and exception class", "ARM64#")]
    [InlineData(Isa.Riscv64, "riscv64", "riscv64", "riscv64: scause, with 1/ for interrupts", "RISCV64#")]
    public void It_is_named_as_people_name_it(Isa isa, string name, string title, string ofNumber, string mark)
    {
        IsaInfo info = IsaInfo.Of(isa);
        Assert.Equal((name, title, ofNumber, mark), (info.DisplayName, info.Title, info.NumberTitle, info.Mark));
        Assert.Equal(info.Name, System.Text.Encoding.UTF8.GetString(info.NameUtf8));
    }

    [Fact]
    public void Without_an_isa_nothing_is_known()
    {
        IsaInfo none = IsaInfo.Of(Isa.None);
        Assert.Equal((null, 0UL, ""), (none.IndexOf(1), none.CodeAt(1), none.NumberText(1)));
        Assert.Equal((null, null), (none.Find(1), none.QualifierOf(1)));
        Assert.Equal((ExitReasons.Unread, "#0x1"), (ExitReasons.Name(default), ExitReasons.Name(new ExitCode(Isa.None, 1))));
        Assert.Equal((false, false, false), (none.HasPage(1), none.IsFailedEntry(1), none.GoesOnUnhandled));
    }

    [Fact]
    public void What_is_not_known_may_be_any()
    {
        Assert.Same(IsaInfo.All, IsaInfo.Candidates(Isa.None));
        Assert.Equal([IsaInfo.Of(Isa.Svm)], IsaInfo.Candidates(Isa.Svm));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Indexes_of_usual_codes_lead_back_to_them(Isa isa)
    {
        IsaInfo info = IsaInfo.Of(isa);
        foreach (ExitReasonInfo reason in info.Reasons)
        {
            int? index = info.IndexOf(reason.Number);
            if (index is { } usual) Assert.Equal(reason.Number, info.CodeAt(usual));
            // The kernel side looks for arguments by index.
            else Assert.Null(info.QualifierOf(reason.Number));
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Columns_of_a_code_are_those_that_it_names(Isa isa)
    {
        IsaInfo info = IsaInfo.Of(isa);
        Assert.Equal(isa == Isa.Arm64 ? ["ret", "ec"] : [], info.CodeColumns);
        Assert.Equal(info.CodeColumns, info.CodeColumns.Intersect(IsaInfo.AllCodeColumns));
    }
}
