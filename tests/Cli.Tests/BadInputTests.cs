using Kvmscope.Core;
using Kvmscope.Core.Exits;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>Wrong command lines: status 2, one line with the error and one with the fix, and nothing is traced.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("tim", "'tim' is not a command", "Did you mean time?")]
    [InlineData("frobnicate", "'frobnicate' is not a command", "See 'kvmscope --help'.")]
    [InlineData("--duration 1s time", "--duration is not an option of kvmscope itself",
        "Options follow the command: kvmscope COMMAND [options]")]
    [InlineData("count --vmm web1", "unknown option --vmm", "Did you mean --vm?")]
    [InlineData("count --bogus x", "unknown option --bogus", "See 'kvmscope count --help'.")]
    [InlineData("hist --bogus", "unknown option --bogus", "See 'kvmscope hist --help'.")]
    [InlineData("slower --intervall=1s", "unknown option --intervall", "See 'kvmscope slower --help'.")]
    [InlineData("count --stats", "'count' has no option --stats", "It belongs to time or report.")]
    [InlineData("slower --interval 1s", "'slower' has no option --interval",
        "It belongs to count, time, hist, top, serve, record, report, diff, import or export.")]
    [InlineData("count --part runq", "'count' has no option --part", "It belongs to slower, record or report.")]
    [InlineData("count 1 12", "'12' is one argument too many for 'count'", "See 'kvmscope count --help'.")]
    [InlineData("hist 12 13", "'13' is one argument too many for 'hist'", "See 'kvmscope hist --help'.")]
    [InlineData("count --vm", "--vm needs a value", "Give one: --vm NAME|PID")]
    [InlineData("count --vm --level l1", "--vm needs a value, and --level is an option", "Give one: --vm NAME|PID")]
    [InlineData("count --level l1 --level l2", "--level is given more than once", "Give it once.")]
    [InlineData("time --stats=yes", "--stats takes no value", "Give --stats alone, or leave it out.")]
    [InlineData("list -- sleep 1", "'list' does not start a command", "Leave out -- and what follows it.")]
    [InlineData("count --", "no command after --", "Give one, as in: -- sleep 10")]
    [InlineData("count --duration 1s -- sleep 1", "--duration and -- COMMAND both say when to stop",
        "Give one of them; 'timeout 10s COMMAND' limits a command.")]
    [InlineData("count --duration 1s --interval 2s", "--interval is longer than --duration, so no interval would be complete",
        "Make --duration longer, or leave --interval out.")]
    [InlineData("count --duration soon", "--duration 'soon' is not a time",
        "Give a number and a unit: 500ms, 10s, 5m, 1h; a bare number is seconds.")]
    [InlineData("count --duration 0", "--duration '0' is out of range", "Give a time from 10ms to 8760h.")]
    [InlineData("count --interval -1s", "--interval '-1s' is out of range", "Give a time from 10ms to 8760h.")]
    [InlineData("count --level l3", "--level 'l3' is not known", "Give l1 or l2.")]
    [InlineData("count --by cpu", "--by 'cpu' is not known", "Give reason, vm, vcpu, level, qualifier, page, rip or vmm.")]
    [InlineData("count --by ,", "--by '' is not known", "Give reason, vm, vcpu, level, qualifier, page, rip or vmm.")]
    [InlineData("count --sort avg", "--sort 'avg' is not known", "Give count or code.")]
    [InlineData("time --sort name", "--sort 'name' is not known", "Give count, time, avg, max or code.")]
    [InlineData("time --format xml", "--format 'xml' is not known", "Give table, json or csv.")]
    [InlineData("check --format csv", "--format 'csv' is not known", "Give table or json.")]
    [InlineData("time --color blue", "--color 'blue' is not known", "Give auto, always or never.")]
    [InlineData("count --max-vcpus 0", "--max-vcpus '0' is not a number of vCPUs", "Give a number from 1 to 65536.")]
    [InlineData("count --max-vcpus 65537", "--max-vcpus '65537' is not a number of vCPUs", "Give a number from 1 to 65536.")]
    [InlineData("count --vcpu ,", "--vcpu names no vCPU", "Give numbers or ranges: --vcpu 0, --vcpu 0,2 or --vcpu 0-3")]
    [InlineData("count --reason HTL", "'HTL' is not an exit reason of VMX", "Did you mean HLT")]
    [InlineData("count --reason ,", "--reason names no exit reason", "Give names, numbers or patterns: HLT, CPUID,MSR_READ, 12, 'MSR*'")]
    [InlineData("count --reason nosuchthing", "'nosuchthing' is not an exit reason of VMX",
        "Give a name such as HLT or CPUID, or a number.")]
    [InlineData("count --reason HLT --exclude hlt", "--exclude removes all reasons of --reason", "Remove one of the two options.")]
    [InlineData("hist HLT --reason CPUID", "REASON and --reason say the same thing", "Give one of them.")]
    [InlineData("hist ,", "REASON names no exit reason", "Give a name or a number: HLT, 12")]
    [InlineData("count --top 3", "--top needs --by qualifier, page or rip", "Add one of them, or leave --top out.")]
    [InlineData("count --by qualifier --top 0", "--top '0' is not a number of rows", "Give 1 or more: --top 5")]
    [InlineData("time --split --stats", "--split and --stats are different tables", "Give one of them.")]
    [InlineData("time --split --nested", "--split and --nested are different tables", "Give one of them.")]
    [InlineData("time --nested --stats", "--nested and --stats are different tables", "Give one of them.")]
    [InlineData("time --levels --split", "--levels and --split are different tables", "Add --by level to --split.")]
    [InlineData("time --levels --nested", "--levels and --nested are different tables", "Leave --levels out.")]
    [InlineData("time --levels --by level", "--by level already has a row for each level", "Give one of --by level and --levels.")]
    [InlineData("time --nested --by qualifier", "--nested has rows by reason, not by qualifier, page or rip", "Leave one of them out.")]
    [InlineData("time --nested --by rip", "--nested has rows by reason, not by qualifier, page or rip", "Leave one of them out.")]
    [InlineData("count --page-size 2M", "--page-size needs --by page", "Add --by page, or leave --page-size out.")]
    [InlineData("count --by page --page-size 8K", "--page-size '8K' is not known", "Give 4K, 64K, 2M or 1G.")]
    [InlineData("time --by page --symbols /", "--symbols needs --by rip", "Add --by rip, or leave --symbols out.")]
    [InlineData("time --by rip --symbols /", "'/' is a directory",
        "Give a System.map, a copy of the guest's /proc/kallsyms, or an ELF file with symbols.")]
    [InlineData("hist --by rip --symbols /nothing", "there is no file '/nothing'",
        "Give a System.map, a copy of the guest's /proc/kallsyms, or an ELF file with symbols.")]
    [InlineData("count --by rip --symbols /dev/zero", "'/dev/zero' is not a table of symbols: a line is longer than any symbol",
        "Give a System.map, a copy of /proc/kallsyms, or an ELF file.")]
    [InlineData("record --with pages", "--with 'pages' is not known", "Give page, rip or vmm.")]
    [InlineData("record --with ,", "--with '' is not known", "Give page, rip or vmm.")]
    [InlineData("record --page-size 2M", "--page-size needs --with page", "Add --with page, or leave --page-size out.")]
    [InlineData("time --nested --level l1", "--nested is about exits of L2, and --level l1 leaves them out", "Leave --level out.")]
    [InlineData("time --nested --exclude HLT", "--nested counts L1's exits in each round, so it needs all exits",
        "Leave --reason, --exclude and --level out.")]
    [InlineData("count --split", "'count' has no option --split", "It belongs to time or report.")]
    [InlineData("record --part runq", "--part needs --slower", "Add --slower 1ms, or leave --part out.")]
    [InlineData("record --who", "--who needs --slower", "Add --slower 1ms, or leave --who out.")]
    [InlineData("record --slower 1ms --who --without split", "--who needs the split, and --without split leaves it out",
        "Give one of them.")]
    [InlineData("record --slower 1ms --part guest", "--part 'guest' is not known", "Give kvm, vmm, runq, halt, poll or sleep.")]
    [InlineData("record --without ,", "--without '' is not known", "Give time, split, qualifiers or nested.")]
    [InlineData("record --rotate 5ms", "--rotate is shorter than one interval or one second", "Make it longer: --rotate 1h")]
    [InlineData("record --rotate -1h", "--rotate is shorter than one interval or one second", "Make it longer: --rotate 1h")]
    [InlineData("assert --rules / -- true", "cannot read the rules '/': it is a directory", "Give a file with one rule per line.")]
    [InlineData("assert --rules /dev/zero -- true", "the rules '/dev/zero' are longer than 1 MB", "Give a file with one rule per line.")]
    [InlineData("slower --part guest", "--part 'guest' is not known", "Give kvm, vmm, runq, halt, poll or sleep.")]
    [InlineData("explain HTL", "'HTL' is not an exit reason of VMX", "Did you mean HLT")]
    [InlineData("explain --isa arm HLT", "--isa 'arm' is not known", "Give vmx, svm, arm64 or riscv64.")]
    [InlineData("slower fast", "'fast' is not a handling time", "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.")]
    [InlineData("slower 0", "threshold '0' is out of range: 1ns to 1h",
        "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.")]
    [InlineData("slower -5", "threshold '-5' is out of range: 1ns to 1h",
        "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.")]
    [InlineData("slower 2h", "threshold '2h' is out of range: 1ns to 1h",
        "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.")]
    [InlineData("slower 1e999", "'1e999' is not a handling time", "Give a number and a unit: 500ns, 50us, 2ms, 1s; a bare number is ms.")]
    [InlineData("count --vm web3", "no VM has the name, pid, UUID or VMID 'web3'", "Running: web1 (4242), db1 (4711)")]
    [InlineData("count --vcpu 7", "no vCPU 7 in any of these VMs", "There are: 0-3")]
    [InlineData("count --vm db1 --vcpu 0,2", "no vCPU 2 in db1", "There are: 0-1")]
    [InlineData("count --vcpu x", "--vcpu 'x' is not a vCPU id", "Give numbers or ranges: --vcpu 0, --vcpu 0,2 or --vcpu 0-3")]
    [InlineData("count -o /", "cannot write '/': it is a directory",
        "Choose another file with -o, or leave it out to write to standard output.")]
    [InlineData("count -o /nosuchdirectory/x", "cannot write '/nosuchdirectory/x': no such directory",
        "Choose another file with -o, or leave it out to write to standard output.")]
    public void Says_what_is_wrong_and_what_to_do(string line, string message, string hint)
    {
        var world = new World();

        Outcome outcome = world.Run(line.Split(' '));

        Assert.StartsWith($"kvmscope: {message}\n  {hint}", outcome.Error);
        Assert.Equal(2, outcome.Error.Count(c => c == '\n'));
        Assert.Equal(2, outcome.Status);
        Assert.Empty(outcome.Out);
        Assert.Null(world.Host.Asked);
    }

    [Theory]
    [InlineData("count --vm web1", "no VM is running, so there is no 'web1'")]
    [InlineData("count --vcpu 0", "no VM is running, so there is no vCPU to choose")]
    public void Says_that_no_vm_is_running(string line, string message)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Vms = [] };

        Outcome outcome = world.Run(line.Split(' '));

        Assert.Equal((2, ""), (outcome.Status, outcome.Out));
        Assert.StartsWith($"kvmscope: {message}\n", outcome.Error);
    }

    [Theory]
    [InlineData(Isa.Vmx, "EPT_VIOLATON", "EPT_VIOLATION")]
    [InlineData(Isa.Svm, "EPT_VIOLATION", "NPF")]
    [InlineData(Isa.None, "CPUDI", "CPUID")]
    public void Suggests_reasons_of_the_hosts_isa(Isa isa, string typed, string near)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Isa = isa };

        Outcome outcome = world.Run("count", "--reason", typed);

        Assert.Equal(2, outcome.Status);
        Assert.Contains($"Did you mean {near}", outcome.Error);
    }

    [Fact]
    public void No_command_prints_help_on_standard_error()
    {
        Outcome outcome = new World().Run();

        Assert.Equal((2, ""), (outcome.Status, outcome.Out));
        Assert.Contains("Usage: kvmscope COMMAND [options]\n", outcome.Error);
    }

    [Theory]
    [InlineData(ExitStatus.HostUnsupported, "KVM's vendor module is not loaded", "modprobe kvm_intel or kvm_amd")]
    [InlineData(ExitStatus.NotPermitted, "CAP_BPF is missing", "Run as root.")]
    [InlineData(ExitStatus.NotPermitted, "ulimit -l is too small", null)]
    public void A_refusal_of_the_host_is_printed_and_gives_the_status(ExitStatus status, string message, string? hint)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Refusal = new KvmscopeException(status, message, hint) };

        Outcome outcome = world.Run("time", "--", "true");

        Assert.Equal(new Outcome((int)status, "", hint is null ? $"kvmscope: {message}\n" : $"kvmscope: {message}\n  {hint}\n"), outcome);
        Assert.DoesNotContain("start true", world.Log);
    }

    [Fact]
    public void Without_a_known_isa_reasons_are_parsed_and_the_host_says_why_it_cannot_be_traced()
    {
        var world = new World();
        var refusal = new KvmscopeException(ExitStatus.HostUnsupported, "no vendor module");
        world.Host = new FakeHost(world.Clock) { Isa = Isa.None, Refusal = refusal };

        Assert.Equal(new Outcome(3, "", "kvmscope: no vendor module\n"), world.Run("count", "--reason", "HLT"));
    }

    [Fact]
    public void Without_a_known_isa_a_host_that_would_trace_is_not_given_guessed_codes()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Isa = Isa.None };

        Outcome outcome = world.Run("count", "--exclude", "HLT");

        Assert.Equal(3, outcome.Status);
        Assert.Contains("cannot be filtered", outcome.Error);
        Assert.True(world.Host.Session!.Disposed);
    }
}
