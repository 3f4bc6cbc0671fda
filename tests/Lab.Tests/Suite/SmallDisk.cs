namespace Kvmscope.Lab.Tests.Suite;

/// <summary>A tmpfs for one test, unmounted at the end.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Mounter = "/bin/mount", Unmounter = "/bin/umount";

    private SmallDisk(string path) => Path = path;

    /// <summary>Where it is mounted.</summary>
    internal string Path { get; }

    internal static SmallDisk Mount(LabHost host, string options)
    {
        if (!File.Exists(Mounter)) throw new SuiteSkip("mount is not in this lab");
        string path = Directory.CreateDirectory(System.IO.Path.Combine(host.Folder, $"disk-{Guid.NewGuid():N}")).FullName;
        Run(Mounter, "-t", "tmpfs", "-o", options, "tmpfs", path);
        return new SmallDisk(path);
    }

    internal void MakeReadOnly() => Run(Mounter, "-o", "remount,ro", Path);

    public void Dispose() => Run(Unmounter, "-l", Path);

    private static void Run(string program, params string[] arguments)
    {
        (int status, _, string errors) = LabHost.Run(program, arguments);
        Check.Equal(0, status, $"status of {program} ({errors})");
    }
}
