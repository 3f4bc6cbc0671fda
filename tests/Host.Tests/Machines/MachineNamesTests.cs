using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class MachineNamesTests
{
    [Fact]
    public void A_process_is_known_after_it_ended_and_learned_anew_for_its_successor()
    {
        using var proc = new TempTree();
        proc.Process(7, ["qemu", "-name", "one"], []);
        var names = new MachineNames(proc.Root);
        Assert.Equal("one", names.Learn(7)?.Name);

        Directory.Delete(Path.Join(proc.Root, "7"), recursive: true);
        Assert.Null(names.Learn(7));
        Assert.True(names.TryIdentify(7, out ProcessIdentity identity));
        Assert.False(identity.IsAlive(proc.Root));

        proc.Process(7, ["qemu", "-name", "two"], [], start: 200);
        Assert.Equal("two", names.Learn(7)?.Name);
    }

    [Fact]
    public void A_known_process_is_not_read_again()
    {
        using var proc = new TempTree();
        proc.Process(7, ["qemu", "-name", "one"], []);
        var names = new MachineNames(proc.Root);
        names.Learn(7);
        proc.File("7/cmdline", "qemu\0-name\0other\0");
        Assert.Equal("one", names.Learn(7)?.Name);
    }
}
