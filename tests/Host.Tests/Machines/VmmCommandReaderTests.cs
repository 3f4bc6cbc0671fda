using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Kvmscope.Core.Model;
using Kvmscope.Host.Machines;

namespace Kvmscope.Host.Tests.Machines;

[SupportedOSPlatform("linux")]
public sealed class VmmCommandReaderTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite;
    private const string Uuid = "77046f18-e107-48e7-939c-57eba163c478";
    private const string Config = "[name]\n  guest = \"shop\"\n";

    [Theory]
    // What everybody may read counts; what only some may read, and what another mount namespace has, does not.
    [InlineData(true, "22 27 0:21 / /proc rw\n", "shop")]
    [InlineData(false, "22 27 0:21 / /proc rw\n", "web")]
    [InlineData(true, "922 27 0:21 / /proc rw\n", "web")]
    [InlineData(true, "", "web")]
    public void A_config_file_counts_where_everybody_may_read_it(bool isPublic, string mounts, string name)
    {
        using var proc = new TempTree();
        proc.File("web.cfg", Config).File($"{Environment.ProcessId}/mountinfo", "22 27 0:21 / /proc rw\n");
        proc.Process(7, ["qemu-system-x86_64", "-readconfig", Path.Join(proc.Root, "web.cfg")], []).File("7/mountinfo", mounts);
        File.SetUnixFileMode(proc.Root, Owner | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(Path.Join(proc.Root, "web.cfg"), UnixFileMode.UserRead | (isPublic ? UnixFileMode.OtherRead : 0));
        Assert.Equal(name, new MachineNames(proc.Root).Learn(7)?.Name);
        // Neither does what lies in a folder that not everybody may enter.
        File.SetUnixFileMode(proc.Root, Owner);
        Assert.Equal("web", new MachineNames(proc.Root).Learn(7)?.Name);
    }

    [Fact]
    public void The_cgroup_tells_the_pod()
    {
        using var proc = new TempTree();
        proc.Process(7, ["qemu-kvm", "-name", "guest=ns_vm", "-smbios", "type=1,manufacturer=KubeVirt"], [])
            .File("7/cgroup", $"0::/kubepods/pod{Uuid}/x\n");
        VmLabels labels = new MachineNames(proc.Root).Learn(7)!.Value.Labels;
        Assert.Equal(("ns", Uuid), (labels.Namespace, labels.Pod));
    }

    [Theory]
    [InlineData("qemu-system-x86_64", "qemu-system-x86_64", "-readconfig CONFIG", "qemu", "shop")]
    [InlineData("qemu-system-x86_64", "my web server", "-uuid " + Uuid, "qemu", Uuid)]
    [InlineData("firecracker", "microvm@capsule", "--api-sock capsule.sock", "firecracker", "capsule")]
    [InlineData("firecracker", "x/firecracker", "--no-api", "firecracker", "firecracker-PID")]
    public void Without_privileges_a_vm_has_the_same_name(string file, string called, string arguments, string vmm, string name) =>
        AssertSame(file, called, arguments, vmm, name);

    [PrivilegedFact]
    public void A_config_file_of_root_names_no_vm_with_privileges_either() =>
        AssertSame("qemu-system-x86_64", "qemu-system-x86_64", "-readconfig CONFIG", "qemu", "web", isPublic: false);

    // A shell in the place of a VMM: the kernel's name of it is its file's, and what follows the script are arguments to be read here only.
    private static void AssertSame(string file, string called, string arguments, string vmm, string name, bool isPublic = true)
    {
        using var folder = new TempTree();
        folder.File("web.cfg", Config);
        File.SetUnixFileMode(folder.Root, File.GetUnixFileMode(folder.Root) | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(Path.Join(folder.Root, "web.cfg"), UnixFileMode.UserRead | (isPublic ? UnixFileMode.OtherRead : 0));
        string program = Path.Join(folder.Root, file);
        File.Copy("/bin/sh", program);
        arguments = arguments.Replace("CONFIG", Path.Join(folder.Root, "web.cfg"), StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-c", $"exec -a '{called}' '{program}' -c 'echo ready; read line' {arguments}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        string[] said = Names(process.Id);
        process.StandardInput.WriteLine();
        process.WaitForExit();
        name = name.Replace("PID", process.Id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        Assert.Equal(2, said.Length);
        Assert.StartsWith($"VmmCommand {{ Vmm = {vmm}, Name = {name}, ", said[0]);
        Assert.Equal(said[0], said[1]);
    }

    private static string[] Names(int pid)
    {
        string[] arguments = [typeof(VmmCommandReaderTests).Assembly.Location, "names", pid.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_CLI_HOME"] = "/tmp";
        using Process child = Process.Start(start)!;
        return child.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
