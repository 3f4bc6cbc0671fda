using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The names of the original tools.</summary>
public sealed class DropInTests
{
    [Theory]
    [InlineData("kvm_vmexit_count")]
    [InlineData("./kvm_vmexit_count.py")]
    [InlineData("/usr/local/bin/kvm_vmexit_count")]
    public void Count_traces_until_ctrl_c_and_prints_the_table(string argv0)
    {
        var world = new World();
        Outcome outcome = world.RunAs(argv0);

        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.StartsWith("Tracing... Hit Ctrl-C to end.\n", outcome.Out);
        Assert.Contains(" 12 HLT ", outcome.Out);
        Assert.False(world.Asked.WantTime);
    }

    [Theory]
    [InlineData("kvm_vmexit_counts")]
    [InlineData("kvmscope")]
    [InlineData("kvm_vmexit_count/kvmscope")]
    public void Other_names_are_kvmscope(string argv0) => Assert.Equal(0, new World().RunAs(argv0, "--version").Status);

    [Fact]
    public void Time_has_its_table()
    {
        Outcome outcome = new World().RunAs("kvm_vmexit_time.py");

        Assert.Equal(0, outcome.Status);
        Assert.Contains("(Avg Time)", outcome.Out);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("12,")]
    public void Hist_shows_the_one_reason(string number)
    {
        var world = new World();
        Outcome outcome = world.RunAs("kvm_vmexit_time_hist", number);

        Assert.Equal(0, outcome.Status);
        Assert.Equal<ulong>([12UL], world.Asked.Filter.Codes);
        Assert.Contains("distribution", outcome.Out);
    }

    [Theory]
    [InlineData("1", "--excludes", "12,")]
    [InlineData("--excludes", "12,", "1")]
    [InlineData("1", "--excludes=12")]
    public void Slower_names_what_it_excludes(params string[] args)
    {
        var world = new World();
        Outcome outcome = world.RunAs("kvm_vmexit_slower", args);

        Assert.Equal(new Outcome(0, "Excludes: HLT\nTracing... Hit Ctrl-C to end.\n", ""), outcome);
        Assert.Equal(1_000_000UL, world.Asked.SlowNs);
        Assert.Equal<ulong>([12UL], world.Asked.Filter.ExcludedCodes);
    }

    [Fact]
    public void Slower_prints_the_original_lines()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Slow = [new SlowExit(default, new VmIdentity(0, 1, "a"), 0, 1, 0, ExitLevel.L1, new ExitCode(Isa.Vmx, 44), 2_631_024)],
        };

        Assert.Equal("Tracing... Hit Ctrl-C to end.\n 44 APIC_ACCESS         2631024 (L1)\n", world.RunAs("kvm_vmexit_slower", "1").Out);
        Assert.Equal(1_000_000UL, world.Asked.SlowNs);
    }

    [Fact]
    public void On_svm_a_number_that_only_vmx_has_is_translated_with_a_message()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Isa = Isa.Svm };

        Outcome outcome = world.RunAs("kvm_vmexit_slower", "1", "--excludes", "12,");

        Assert.Equal("Excludes: HLT\nTracing... Hit Ctrl-C to end.\n", outcome.Out);
        Assert.Equal("kvmscope: 12 is HLT on VMX; on this SVM host HLT is 0x78\n", outcome.Error);
        Assert.Equal<ulong>([0x78UL], world.Asked.Filter.ExcludedCodes);
    }

    [Fact]
    public void On_svm_its_own_numbers_are_taken_as_they_are()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Isa = Isa.Svm };

        Assert.Equal((0, ""), (world.RunAs("kvm_vmexit_time_hist", "0x78").Status, world.RunAs("kvm_vmexit_time_hist", "120").Error));
        Assert.Equal<ulong>([0x78UL], world.Asked.Filter.Codes);
    }

    [Theory]
    [InlineData("kvm_vmexit_count", "12")]
    [InlineData("kvm_vmexit_time_hist", "12", "13")]
    [InlineData("kvm_vmexit_time_hist", "--vm")]
    [InlineData("kvm_vmexit_slower", "--excludes")]
    [InlineData("kvm_vmexit_slower", "quick")]
    [InlineData("kvm_vmexit_time_hist", "nosuch")]
    public void Other_arguments_are_refused(string argv0, params string[] args)
    {
        Outcome outcome = new World().RunAs(argv0, args);

        Assert.Equal((2, ""), (outcome.Status, outcome.Out));
        Assert.StartsWith("kvmscope: ", outcome.Error);
    }

    [Fact]
    public void Help_says_what_they_take() =>
        Assert.Equal(new Outcome(0, "Usage: kvm_vmexit_slower [MS] [--excludes N,N,]\n", ""),
            new World().RunAs("kvm_vmexit_slower.py", "--help"));
}
