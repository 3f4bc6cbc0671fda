using System.Text;

namespace Kvmscope.Host.Tests;

/// <summary>A temporary folder that stands for a host's root or its /proc.</summary>
internal sealed class TempTree : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public TempTree File(string path, string text) => File(path, Encoding.UTF8.GetBytes(text));

    public TempTree File(string path, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(Ready(path), bytes);
        return this;
    }

    public TempTree Folder(string path)
    {
        Directory.CreateDirectory(Path.Join(Root, path));
        return this;
    }

    public TempTree Link(string path, string target)
    {
        System.IO.File.CreateSymbolicLink(Ready(path), target);
        return this;
    }

    /// <summary>Adds a process as /proc shows it, with the links of its open files from number 0 on.</summary>
    public TempTree Process(
        int pid, string[] arguments, string[] files, ulong start = 100, string comm = "vmm", char state = 'S', int threads = 3)
    {
        Folder($"{pid}/fd");
        File($"{pid}/cmdline", string.Concat(arguments.Select(argument => argument + '\0')));
        File($"{pid}/stat", Stat(pid, start, comm, state, threads));
        for (int i = 0; i < files.Length; i++) Link($"{pid}/fd/{i}", files[i]);
        return this;
    }

    public static string Stat(int pid, ulong start, string comm = "vmm", char state = 'S', int threads = 3) =>
        $"{pid} ({comm}) {state} 1 1 1 0 -1 4194304 10 0 0 0 5 6 0 0 20 0 {threads} 0 {start} 1000000 300 18446744073709551615 1 1 0 0\n";

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private string Ready(string path)
    {
        string full = Path.Join(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }
}
