using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Tests;

public sealed class VmFilterTests
{
    private const string Uuid = "77046f18-e107-48e7-939c-57eba163c478";

    private static readonly KnownVm s_web = new(4000, "web", new VmLabels { Uuid = Uuid, Vmid = "112" });
    private static readonly KnownVm s_web2 = s_web with { Name = "web#2" };
    private static readonly KnownVm s_db = new(5000, "db", new VmLabels { Vmid = "113" });
    private static readonly KnownVm s_plain = new(6000, "plain", VmLabels.None);

    [Theory]
    [InlineData(Uuid, "web web#2")]
    [InlineData("77046F18-E107-48E7-939C-57EBA163C478", "web web#2")]
    [InlineData("112", "web web#2")]
    [InlineData("113", "db")]
    [InlineData("4000", "web web#2")]
    [InlineData("web#2", "web#2")]
    [InlineData("6000", "plain")]
    [InlineData("06000", "")]
    [InlineData("114", "")]
    [InlineData("77046f18", "")]
    public void A_UUID_and_proxmoxs_number_mean_the_vms_of_the_process(string typed, string names)
    {
        KnownVm[] known = [s_web, s_web2, s_db, s_plain];
        var filter = new VmFilter([typed], known);
        Assert.Equal(names, string.Join(' ', known.Where(filter.Matches).Select(vm => vm.Name)));
        Assert.Equal(names.Length == 0 ? typed : null, filter.Unknown);
        Assert.Null(filter.Ambiguity);
        // A VM of a trace is meant as the one that is known is.
        bool isWeb = names.Contains("web", StringComparison.Ordinal) && typed != "web#2";
        Assert.Equal(isWeb, filter.Matches(new VmIdentity(1, 4000, "web") { Labels = s_web.Labels }));
    }

    [Fact]
    public void A_name_wins_where_both_mean_the_same_vm()
    {
        KnownVm numbered = new(7000, "112", new VmLabels { Vmid = "112" });
        Assert.Null(new VmFilter(["112"], [numbered, s_db]).Ambiguity);
        // The same VM may be known twice, by the header of a recording and by its exits.
        Assert.Null(new VmFilter(["112"], [numbered, numbered with { Labels = VmLabels.None }]).Ambiguity);
    }

    [Theory]
    [InlineData("112", "112", 7000, "name of one VM and the VMID", "7000, the pid of the VM of that name")]
    [InlineData("112", "clash", 112, "pid of one VM and the VMID", "'clash', the name of the VM of that pid")]
    [InlineData(Uuid, Uuid, 7000, "name of one VM and the UUID", "7000, the pid of the VM of that name")]
    public void What_means_two_vms_is_an_error_that_says_how_to_choose(string typed, string name, int pid, string meanings, string first)
    {
        KnownVm other = new(pid, name, VmLabels.None);
        string problem = $"'{typed}' is the {meanings} of another", hint = $"Give {first}, or 'web', the name of the other.";
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => VmFilter.Resolve([typed], [s_web, other]));
        Assert.Equal((ExitStatus.Usage, problem, hint), (error.Status, error.Message, error.Hint));
    }

    [Theory]
    [InlineData("web*", "web web#2 web-10 web*")]
    [InlineData("web**", "web web#2 web-10 web*")]
    [InlineData("web-1?", "web-10")]
    [InlineData("w[e]b", "web web#2")]
    [InlineData("*#2", "web#2")]
    [InlineData("*", "web web#2 db web-10 web* 12[3]")]
    [InlineData("12[3]", "12[3]")]
    [InlineData("12[3-]", "")]
    [InlineData("40??", "")]
    public void A_pattern_means_the_vms_whose_names_it_matches_and_a_name_wins(string typed, string names)
    {
        KnownVm[] known =
        [
            s_web, s_web2, s_db, new(8000, "web-10", VmLabels.None),
            // A name that looks like a pattern wins, so that this VM can be chosen alone.
            .. typed == "web*" ? Array.Empty<KnownVm>() : [new KnownVm(8001, "web*", VmLabels.None)], new(8002, "12[3]", VmLabels.None),
        ];
        var filter = new VmFilter([typed], known);
        Assert.Equal(names.Replace(typed == "web*" ? " web*" : "\0", "", StringComparison.Ordinal),
            string.Join(' ', known.Where(filter.Matches).Select(vm => vm.Name)));
        Assert.Equal(names.Length == 0 ? typed : null, filter.Unknown);
        Assert.Null(filter.Ambiguity);
    }

    [Fact]
    public void A_name_that_is_a_pattern_is_that_vm_alone()
    {
        KnownVm literal = new(8001, "web*", VmLabels.None);
        var filter = new VmFilter(["web*"], [s_web, literal]);
        Assert.Equal([literal], new[] { s_web, literal }.Where(filter.Matches));
        Assert.Null(filter.Ambiguity);
    }

    [Fact]
    public void A_name_is_that_vm_alone_where_another_is_shown_as_the_same()
    {
        KnownVm same = new(8001, "a?b", VmLabels.None), shown = new(8002, "a\u202eb", VmLabels.None);
        var filter = new VmFilter(["a?b"], [same, shown]);
        Assert.Equal([same], new[] { same, shown }.Where(filter.Matches));
        Assert.Null(filter.Ambiguity);
    }

    [Fact]
    public void The_first_that_is_unknown_and_the_first_that_is_ambiguous_are_said()
    {
        KnownVm other = new(112, "clash", VmLabels.None), third = new(113, "third", VmLabels.None);
        var filter = new VmFilter(["none", "112", "nothing", "113"], [s_web, s_db, other, third]);
        Assert.Equal("none", filter.Unknown);
        Assert.Equal("'112' is the pid of one VM and the VMID of another", filter.Ambiguity!.Message);
    }

    [Theory]
    [InlineData("x", "", "no VM has the name, pid, UUID or VMID 'x'")]
    [InlineData("x", " in a.kvmscope", "no VM in a.kvmscope has the name, pid, UUID or VMID 'x'")]
    [InlineData("x*", "", "no VM has a name that matches 'x*'")]
    [InlineData("x*", " in a.kvmscope", "no VM in a.kvmscope has a name that matches 'x*'")]
    public void What_means_no_vm_is_said(string typed, string where, string says) => Assert.Equal(says, VmFilter.NoSuch(typed, where));

    [Fact]
    public void A_vm_that_is_not_known_is_meant_where_all_are()
    {
        Assert.True(VmFilter.All.Matches(null));
        Assert.False(new VmFilter(["web"], [s_web]).Matches(null));
    }

    [Theory]
    [InlineData("web", 1, "web")]
    [InlineData("web", 2, "web#2")]
    [InlineData("web#3", 12, "web#3#12")]
    [InlineData("", 2, "#2")]
    public void Further_vms_of_a_process_have_its_name_with_a_number(string process, int nth, string name)
    {
        Assert.Equal(name, VmNames.Of(process, nth));
        Assert.Equal(process, VmNames.OfProcess(name));
    }

    [Fact]
    public void A_vm_that_comes_later_is_meant_by_a_pattern_too()
    {
        var filter = new VmFilter(["web*"], [s_db]);
        Assert.Equal("web*", filter.Unknown);
        Assert.True(filter.Matches(s_web));
        Assert.False(filter.Matches(s_db));
        Assert.True(new VmFilter(["web"], [s_db]).Matches(s_web));
    }

    [Theory]
    [InlineData("a?b", 8001)]
    [InlineData("a?b (8001)", 8001)]
    [InlineData("db (5000)", 5000)]
    public void A_name_as_it_is_shown_can_be_typed(string typed, int pid)
    {
        KnownVm[] known = [s_web, s_db, new(8001, "a\u202eb", VmLabels.None)];
        var filter = new VmFilter([typed], known);
        Assert.Equal([pid], known.Where(filter.Matches).Select(vm => vm.Pid));
    }

    [Fact]
    public void What_is_shown_of_any_name_can_be_typed() => CsCheck.Check.Sample(AnyText.Of(90), name =>
    {
        if (name.Length == 0) return;
        KnownVm vm = new(123456, name, VmLabels.None);
        foreach (string typed in new[] { name, Kvmscope.Core.Output.ForeignText.Clean(name) })
        {
            var filter = new VmFilter([typed], [vm, s_web]);
            Assert.Null(filter.Unknown);
            Assert.True(filter.Matches(vm));
        }
    });
}
