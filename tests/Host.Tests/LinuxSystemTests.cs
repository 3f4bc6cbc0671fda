using System.Diagnostics;
using System.Runtime.Versioning;
using Kvmscope.Core.Sources;

namespace Kvmscope.Host.Tests;

[SupportedOSPlatform("linux")]
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

    [Fact]
    public void In_a_folder_that_all_may_write_links_of_others_are_not_followed()
    {
        string file = Make("file"), link = Name("link"), folder = Name("shared");
        File.CreateSymbolicLink(link, file);
        Assert.False(_system.IsShared(_folder));
        Directory.CreateDirectory(folder);
        const UnixFileMode all = (UnixFileMode)0x1ff;
        File.SetUnixFileMode(folder, all);
        Assert.True(_system.IsShared(folder));
        string own = Path.Combine(folder, "own"), shared = Path.Combine(folder, "link");
        File.WriteAllText(own, "");
        File.CreateSymbolicLink(shared, file);
        // Not sticky: anybody may replace a link, also between a look at it and its use.
        Assert.Null(_system.OpenOwn(shared));
        Assert.NotNull(Opened(own));
        // As /tmp is: one's own link may be followed.
        File.SetUnixFileMode(folder, all | UnixFileMode.StickyBit);
        Assert.NotNull(Opened(shared));
        Assert.NotNull(Opened(own));
        Assert.Null(_system.OpenOwn(Path.Combine(folder, "none")));
        Assert.Equal(_system.OwnerOfNewFiles(), _system.OwnerOfFile(own));
        Assert.Null(_system.OwnerOfFile(shared));
    }

    [PrivilegedFact]
    public void In_a_folder_such_as_tmp_files_and_links_of_others_are_not_opened()
    {
        string folder = Name("shared"), file = Path.Combine(folder, "file"), link = Path.Combine(folder, "link"), target = Make("target");
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)0x1ff | UnixFileMode.StickyBit);
        File.WriteAllText(file, "");
        File.CreateSymbolicLink(link, target);
        Process.Start("chown", ["-h", "4711:4711", file, link]).WaitForExit();
        Assert.Null(_system.OpenOwn(link));
        Assert.Null(_system.OpenOwn(file));
        Assert.Equal(4711U, _system.OwnerOfFile(file)!.Value.User);
    }

    private bool? Opened(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle? file = _system.OpenOwn(path);
        return file is null ? null : true;
    }

    private string Make(string name)
    {
        File.WriteAllText(Name(name), name);
        return Name(name);
    }

    private string Name(string name) => Path.Combine(_folder, name);
}
