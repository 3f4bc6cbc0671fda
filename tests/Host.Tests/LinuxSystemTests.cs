using System.Diagnostics;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Tests;

public sealed class LinuxSystemTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-system-").FullName;
    private readonly LinuxSystem _system = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_the_same_by_all_its_names()
    {
        string file = Make("file"), other = Make("other"), symbolic = Name("symbolic"), hard = Name("hard");
        File.CreateSymbolicLink(symbolic, file);
        Process.Start("ln", [file, hard]).WaitForExit();
        FileIdentity? identity = _system.IdentityOf(file);
        Assert.NotNull(identity);
        Assert.Equal((identity, identity), (_system.IdentityOf(symbolic), _system.IdentityOf(hard)));
        Assert.NotEqual(identity, _system.IdentityOf(other));
    }

    [Fact]
    public void Only_a_regular_file_has_an_identity() =>
        Assert.All([_folder, "/dev/null", Name("none"), ""], path => Assert.Null(_system.IdentityOf(path)));

    [Fact]
    public void New_files_belong_to_this_process_and_can_be_given_to_an_owner()
    {
        string file = Make("file");
        Assert.Equal(_system.OwnerOfNewFiles(), LinuxSystem.OwnerOf(file));
        using FileStream stream = File.OpenRead(file);
        Assert.True(_system.Give(stream.SafeFileHandle, _system.OwnerOfNewFiles()));
        Assert.Null(LinuxSystem.OwnerOf(Name("none")));
    }

    [Fact]
    public void Folders_are_synced()
    {
        Assert.True(_system.SyncFolder(_folder));
        Assert.False(_system.SyncFolder(Name("none")));
    }

    [Fact]
    public void A_child_gets_the_signal()
    {
        using Process child = Process.Start("sleep", "60");
        Assert.True(_system.Signal(child.Id, 15));
        child.WaitForExit();
        Assert.Equal(128 + 15, child.ExitCode);
        Assert.False(_system.Signal(int.MaxValue, 0));
    }

    private string Make(string name)
    {
        File.WriteAllText(Name(name), name);
        return Name(name);
    }

    private string Name(string name) => Path.Combine(_folder, name);
}
