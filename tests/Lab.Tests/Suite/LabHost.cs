using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Guests;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>The machine that the suite runs on, and how its programs are started.</summary>
internal sealed class LabHost
{
    private readonly Lazy<GuestSupport> _support = new(GuestSupport.OfThisHost);

    internal LabHost(string kvmscope)
    {
        Kvmscope = Path.GetFullPath(kvmscope);
        Suite = Environment.ProcessPath!;
        string[] version = File.ReadAllText("/proc/sys/kernel/osrelease").Split('.', '-');
        Kernel = new Version(int.Parse(version[0]), int.Parse(version[1]));
        Folder = Directory.CreateTempSubdirectory("lab-suite-").FullName;
        File.SetUnixFileMode(Folder, (UnixFileMode)0x1ed); // 0755: other users run programs through its links
    }

    /// <summary>The program under test.</summary>
    internal string Kvmscope { get; }

    /// <summary>This program.</summary>
    internal string Suite { get; }

    internal Version Kernel { get; }

    /// <summary>A folder for files of the run.</summary>
    internal string Folder { get; }

    internal GuestSupport Support => _support.Value;

    internal bool IsSvm => Support.Isa == Isa.Svm;

    /// <summary>Whether a fast path enters the guest again without a kvm_entry (5.10 on VMX).</summary>
    internal bool HasSilentEntries => !IsSvm && !IsArm && Kernel < new Version(5, 16);

    internal bool IsArm => Support.Isa == Isa.Arm64;

    internal string IsaName => IsArm ? "arm64" : IsSvm ? "svm" : "vmx";

    internal void WantNested()
    {
        if (Support.WhyNotNested is { } why) throw new SuiteSkip(why);
    }

    /// <summary>Starts a tracer with these arguments; it is not attached yet.</summary>
    internal Tracer Trace(string words) => new(this, words.Split(' '));

    /// <summary>Starts a guest with this plan, and waits for its warm-up.</summary>
    internal GuestProcess Guest(string words) => new(Suite, ["guest", .. Patience, .. words.Split(' ')]);

    /// <summary>Starts a guest whose VM has this name.</summary>
    internal GuestProcess Guest(string words, string name) => new(
        Link($"microvm@{name}", Suite), ["guest", .. Patience, .. words.Split(' ')]);

    // Time must not jump to the guest's own deadline either.
    private static string[] Patience => ChildProcess.IsExact ? ["deadline=1000000"] : [];

    /// <summary>Starts a process whose VMs come and go, each with this plan.</summary>
    internal GuestProcess Churn(int vms, string words) =>
        new(Suite, ["churn", vms.ToString(CultureInfo.InvariantCulture), .. Patience, .. words.Split(' ')]);

    /// <summary>Starts an odd guest (<see cref="Odd.OddCommand"/>), and waits for its warm-up.</summary>
    internal GuestProcess OddGuest(string words) => new(Suite, ["odd", .. words.Split(' ')]);

    /// <summary>Runs kvmscope, or any other program, to its end.</summary>
    internal static (int Status, string Output, string Errors) Run(string program, params IEnumerable<string> arguments)
    {
        using var child = new ChildProcess(program, arguments);
        IReadOnlyList<string> lines = child.ReadRest();
        int status = child.WaitForEnd();
        return (status, string.Join('\n', lines), child.Errors);
    }

    /// <summary>Runs kvmscope with these arguments to its end.</summary>
    internal (int Status, string Output, string Errors) Run(string words) => Run(Kvmscope, words.Split(' '));

    /// <summary>Creates a link with this name to a program.</summary>
    internal string Link(string name, string target)
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path)) File.CreateSymbolicLink(path, target);
        return path;
    }
}
