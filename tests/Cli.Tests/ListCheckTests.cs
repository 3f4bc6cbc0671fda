using Kvmscope.Core;
using Kvmscope.Core.Model;
using Kvmscope.Core.Sources;
using Kvmscope.Terminal;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The commands that look at the host without tracing.</summary>
public sealed class ListCheckTests
{
    [Fact]
    public void List_is_a_table() => Assert.Equal(new Outcome(0,
        """
        NAME   PID  VMM          VMS  VCPUS
        web1  4242  qemu           1      4
        db1   4711  firecracker    1      2

        """, ""), new World().Run("list"));

    [Fact]
    public void List_fits_a_narrow_terminal_and_removes_control_characters()
    {
        var world = new World { Screen = new Screen(IsTerminal: true, 40, AllowsColor: true, Unicode: true) };
        world.Host = new FakeHost(world.Clock) { Vms = [new(7, "a-very-long-name-of-a-vm-\e[31m", "qemu", 2, [0, 1])] };

        Assert.Equal("""
            NAME               PID  VMM   VMS  VCPUS
            a-very-long-name~    7  qemu    2      2

            """, world.Run("list").Out);
    }

    [Fact]
    public void An_error_that_lists_names_has_no_control_characters()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Vms = [new(7, "web\e[2J\u202e\u2028\nkvmscope: forged", "qemu", 1, [0])] };

        Outcome outcome = world.Run("count", "--vm", "web9");

        Assert.Equal(2, outcome.Status);
        Assert.Contains("web?[2J??", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\nkvmscope: forged", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\nkvmscope: forged", world.Run("count", "--vm", "7", "--vcpu", "9").Error, StringComparison.Ordinal);
        Assert.DoesNotContain(outcome.Error, c => c is '\e' or '\u202e' or '\u2028');
    }

    [Fact]
    public void List_without_vms_says_so_beside_the_data()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Vms = [] };

        Assert.Equal(new Outcome(0, "", "No VM is running.\n"), world.Run("list"));
        Assert.Equal(new Outcome(0, """{"schema":"kvmscope/list/1","command":"list","rows":[]}""" + "\n", ""),
            world.Run("list", "--format", "json"));
    }

    [Theory]
    [InlineData(1, "1 process could not be looked into, because it belongs to another user: run as root to see their VMs")]
    [InlineData(12, "12 processes could not be looked into, because they belong to other users: run as root to see their VMs")]
    public void List_says_how_many_processes_could_not_be_looked_into(int count, string says)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { UnreadableProcesses = count };
        Assert.Equal($"kvmscope: {says}\n", world.Run("list").Error);
        Assert.Equal($"kvmscope: {says}\n", world.Run("list", "--format", "csv").Error);
        Outcome json = world.Run("list", "--format", "json");
        Assert.EndsWith($"],\"unreadable_processes\":{count}}}\n", json.Out);
        world.Host = new FakeHost(world.Clock) { UnreadableProcesses = count, Vms = [] };
        Assert.Equal(new Outcome(0, "", $"No VM was found.\nkvmscope: {says}\n"), world.Run("list"));
    }

    [Fact]
    public void List_says_where_processes_cannot_even_be_seen()
    {
        const string says =
            "kvmscope: other users' processes cannot be seen, because /proc is mounted with hidepid: run as root to see their VMs\n";
        var world = new World();
        world.Host = new FakeHost(world.Clock) { HidesProcesses = true };
        Assert.Equal(says, world.Run("list").Error);
        Outcome json = world.Run("list", "--format", "json");
        Assert.EndsWith("],\"hidden_processes\":true}\n", json.Out);
        Assert.Equal(says, json.Error);
        world.Host = new FakeHost(world.Clock) { HidesProcesses = true, UnreadableProcesses = 1, Vms = [] };
        Assert.Equal(
            "No VM was found.\nkvmscope: 1 process could not be looked into, because it belongs to another user: run as root to see their "
            + "VMs\n" + says, world.Run("list").Error);
        Assert.EndsWith("run as root to see their VMs. other users' processes cannot be seen, because /proc is mounted with hidepid: run "
            + "as root to see their VMs.\n", world.Run("count", "--vm", "web9").Error);
    }

    [Fact]
    public void List_says_in_JSON_what_else_is_known_of_a_VM()
    {
        var world = new World();
        VmLabels labels = new() { Uuid = "77046f18-e107-48e7-939c-57eba163c478", Vmid = "112", Namespace = "shop", Pod = "2f0c8a1e" };
        world.Host = new FakeHost(world.Clock) { Vms = [new(7, "web", "qemu", 1, [0]) { Labels = labels }] };

        Assert.Equal(
            """{"schema":"kvmscope/list/1","command":"list","rows":[{"vm":"web","vm_pid":7,"vmm":"qemu","vms":1,"vcpus":1,"vcpu_ids":[0],"""
            + """
              "uuid":"77046f18-e107-48e7-939c-57eba163c478","vmid":"112","namespace":"shop","pod":"2f0c8a1e"}]}
              """
            + "\n", world.Run("list", "--format", "json").Out);
    }

    [Fact]
    public void List_in_machine_formats()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Vms = [new(7, "a,\"b\"", "qemu", 2, [0, 1])] };

        Assert.Equal("vm,vm_pid,vmm,vms,vcpus\n\"a,\"\"b\"\"\",7,qemu,2,2\n", world.Run("list", "--format", "csv").Out);
        Assert.Equal("""{"schema":"kvmscope/list/1","command":"list","rows":["""
            + """{"vm":"a,\"b\"","vm_pid":7,"vmm":"qemu","vms":2,"vcpus":2,"vcpu_ids":[0,1]}]}""" + "\n",
            world.Run("list", "--format", "json").Out);
    }

    [Fact]
    public void Check_is_one_line_per_check_with_the_hint_below()
    {
        Outcome outcome = new World().Run("check");

        Assert.Equal(new Outcome(0, """
            ok      kernel      6.1.0
            limited module BTF  none for kvm
                      Tracing uses raw tracepoints instead.

            """, ""), outcome);
    }

    [Fact]
    public void Check_has_the_exit_status_of_the_first_that_failed()
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock)
        {
            Checks =
            [
                new("kernel", CheckVerdict.Ok, "6.1.0"),
                new("lockdown", CheckVerdict.Unknown, "cannot be read"),
                new("capabilities", CheckVerdict.Failed, "CAP_BPF is missing", "Run as root.", ExitStatus.NotPermitted),
                new("vendor module", CheckVerdict.Failed, "none", "Load kvm_intel or kvm_amd."),
            ],
        };

        Outcome outcome = world.Run("check");

        Assert.Equal(4, outcome.Status);
        Assert.Contains("FAILED  capabilities   CAP_BPF is missing\n          Run as root.\n", outcome.Out);
        Assert.Contains("unknown lockdown       cannot be read\n", outcome.Out);
        Assert.Equal(4, world.Run("check", "--format", "json").Status);
    }

    [Fact]
    public void Check_in_json() => Assert.Equal(
        """{"schema":"kvmscope/check/1","command":"check","checks":["""
        + """{"name":"kernel","verdict":"ok","found":"6.1.0","hint":null,"status":0},"""
        + """{"name":"module BTF","verdict":"limited","found":"none for kvm","hint":"Tracing uses raw tracepoints instead.","status":0}]}"""
            + "\n",
        new World().Run("check", "--format", "json").Out);
}
