using Kvmscope.Core.Sources;
using Kvmscope.Host.Checks;
using Kvmscope.Host.Privileges;

namespace Kvmscope.Tests.Fakes;

/// <summary>What the real checks say of the documentation's host, for a user without root: Debian 12 on Intel.</summary>
internal static class DocsHost
{
    private static readonly Dictionary<string, string> s_files = new()
    {
        ["dev/kvm"] = "",
        ["proc/sys/kernel/osrelease"] = "6.1.0-37-amd64\n",
        ["proc/cpuinfo"] = "flags\t\t: fpu vmx sse4_2\n",
        ["proc/meminfo"] = "MemAvailable:   41943040 kB\n",
        ["proc/self/mountinfo"] = "22 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n",
        ["sys/kernel/btf/vmlinux"] = "",
        ["sys/kernel/btf/kvm"] = "",
        ["sys/kernel/btf/kvm_intel"] = "",
        ["sys/kernel/security/lockdown"] = "[none] integrity confidentiality\n",
        ["sys/module/kvm/initstate"] = "live\n",
        ["sys/module/kvm_intel/initstate"] = "live\n",
        ["sys/module/kvm_intel/parameters/nested"] = "Y\n",
    };

    public static IReadOnlyList<HostCheck> Checks()
    {
        string root = Directory.CreateTempSubdirectory("kvmscope-docs-").FullName;
        try
        {
            foreach ((string name, string content) in s_files)
            {
                string path = Path.Combine(root, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, content);
            }
            Directory.CreateDirectory(Path.Combine(root, "proc/self/ns"));
            File.CreateSymbolicLink(Path.Combine(root, "proc/self/ns/pid"), "pid:[4026531836]");
            return new HostChecker(root, new Unprivileged()).Check(tableBytes: 24 << 20);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private sealed class Unprivileged : IKernelProbe
    {
        public string Machine => "x86_64";

        public CapabilitySet Effective => new(0);

        public int TryLoadProgram() => 1;
    }
}
