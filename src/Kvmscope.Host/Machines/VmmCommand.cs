namespace Kvmscope.Host.Machines;

/// <summary>Which VMM a process is, and how its arguments name the VM.</summary>
/// <param name="Vmm">qemu, firecracker, cloud-hypervisor, crosvm, kvmtool, or the command; safe to show.</param>
/// <param name="Name">The VM's name, or the command where the arguments give none; safe to show, never empty.</param>
internal readonly record struct VmmCommand(string Vmm, string Name)
{
    /// <summary>Reads the arguments; never throws, whatever the bytes.</summary>
    /// <param name="cmdline">The bytes of /proc/PID/cmdline.</param>
    /// <param name="executable">Where /proc/PID/exe leads to, for a process that renamed itself; may be empty.</param>
    internal static VmmCommand Parse(ReadOnlySpan<byte> cmdline, ReadOnlySpan<byte> executable)
    {
        var arguments = new CommandLineArguments(cmdline);
        ReadOnlySpan<byte> called = BaseName(arguments.Program);
        ReadOnlySpan<byte> real = BaseName(WithoutDeleted(executable));
        string? vmm = Known(called, arguments) ?? Known(real, arguments);
        string command = FirstNonEmpty(DisplayName.From(called), DisplayName.From(real), "unknown");
        string name = vmm is null ? "" : DisplayName.From(NameOf(vmm, arguments));
        return new VmmCommand(vmm ?? command, FirstNonEmpty(name, command));
    }

    private static string? Known(ReadOnlySpan<byte> program, CommandLineArguments arguments)
    {
        // A wrapper's own file is often called .qemu-system-x86_64-wrapped (NixOS).
        program = program.TrimStart((byte)'.');
        if (program.StartsWith("qemu"u8) || program.SequenceEqual("kvm"u8)) return "qemu";
        // The jailer insists on "firecracker" somewhere in the file's name.
        if (program.IndexOf("firecracker"u8) >= 0 || program.SequenceEqual("jailer"u8)) return "firecracker";
        if (program.StartsWith("cloud-hypervisor"u8)) return "cloud-hypervisor";
        if (program.StartsWith("crosvm"u8)) return "crosvm";
        if (program.StartsWith("lkvm"u8) || program.StartsWith("kvmtool"u8)) return "kvmtool";
        // kvmtool is installed as "vm" too, a name too common to go by alone.
        ReadOnlySpan<byte> rest = arguments.AfterProgram;
        bool runs = CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> verb) && verb.SequenceEqual("run"u8);
        return runs && program.SequenceEqual("vm"u8) ? "kvmtool" : null;
    }

    private static ReadOnlySpan<byte> NameOf(string vmm, CommandLineArguments arguments) => vmm switch
    {
        "qemu" => QemuName.Find(arguments),
        "firecracker" => arguments.ValueOf("--id"u8),
        "cloud-hypervisor" => CloudHypervisorName(arguments),
        "crosvm" => CrosvmName(arguments),
        _ => arguments.ValueOf("--name"u8) is { IsEmpty: false } name ? name : arguments.ValueOf("-n"u8),
    };

    // Cloud Hypervisor has no option for a name: its API socket is what tells VMs apart, then the UUID it shows the guest.
    private static ReadOnlySpan<byte> CloudHypervisorName(CommandLineArguments arguments)
    {
        ReadOnlySpan<byte> socket = arguments.ValueOf("--api-socket"u8);
        ReadOnlySpan<byte> path = Field(socket, "path="u8) is { IsEmpty: false } field ? field : socket;
        ReadOnlySpan<byte> name = path.StartsWith("fd="u8) ? [] : SocketName.From(path);
        return name.IsEmpty ? Field(arguments.ValueOf("--platform"u8), "uuid="u8) : name;
    }

    private static ReadOnlySpan<byte> CrosvmName(CommandLineArguments arguments)
    {
        ReadOnlySpan<byte> name = arguments.ValueOf("--name"u8);
        if (!name.IsEmpty) return name;
        ReadOnlySpan<byte> socket = arguments.ValueOf("--socket"u8);
        return SocketName.From(socket.IsEmpty ? arguments.ValueOf("-s"u8) : socket);
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)',');
            ReadOnlySpan<byte> field = end < 0 ? text : text[..end];
            if (field.StartsWith(key)) return field[key.Length..];
            text = end < 0 ? [] : text[(end + 1)..];
        }
        return [];
    }

    private static ReadOnlySpan<byte> BaseName(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    // The kernel says so of a file that was replaced, by an upgrade for one.
    private static ReadOnlySpan<byte> WithoutDeleted(ReadOnlySpan<byte> path) =>
        path.EndsWith(" (deleted)"u8) ? path[..^" (deleted)".Length] : path;

    private static string FirstNonEmpty(params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
            if (text.Length > 0) return text;
        return "";
    }
}
