using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

public sealed class MachineNamesTests
{
    [Fact]
    public void Names_are_kept_after_the_process_ended_and_relearned_for_its_successor()
    {
        using var proc = new TempTree();
        proc.Process(7, ["qemu", "-name", "one"], []);
        var names = new MachineNames(proc.Root);
        Assert.Equal("pid 7", names.NameOf(7));
        Assert.True(names.TryLearn(7));
        Assert.Equal("one", names.NameOf(7));

        Directory.Delete(Path.Join(proc.Root, "7"), recursive: true);
        Assert.False(names.TryLearn(7));
        Assert.Equal("one", names.NameOf(7));
        Assert.True(names.TryIdentify(7, out ProcessIdentity identity));
        Assert.False(identity.IsAlive(proc.Root));

        proc.Process(7, ["qemu", "-name", "two"], [], start: 200);
        Assert.True(names.TryLearn(7));
        Assert.Equal("two", names.NameOf(7));
        names.Forget(7);
        Assert.Equal("pid 7", names.NameOf(7));
    }

    [Fact]
    public void A_known_process_is_not_read_again()
    {
        using var proc = new TempTree();
        proc.Process(7, ["qemu", "-name", "one"], []);
        var names = new MachineNames(proc.Root);
        names.TryLearn(7);
        proc.File("7/cmdline", "qemu\0-name\0other\0");
        Assert.True(names.TryLearn(7));
        Assert.Equal("one", names.NameOf(7));
    }
}
