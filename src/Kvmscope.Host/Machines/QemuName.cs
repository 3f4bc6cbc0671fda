namespace Kvmscope.Host.Machines;

/// <summary>
/// QEMU's <c>-name</c>, as plain QEMU, libvirt and Proxmox write it: <c>X</c>, <c>guest=X,debug-threads=on</c>,
/// <c>X,process=Y</c>. The syntax is QemuOpts': a first value without a key is the guest's, a comma in a value is doubled.
/// </summary>
internal static class QemuName
{
    /// <summary>The guest's name as raw bytes; empty where QEMU was given none.</summary>
    internal static ReadOnlySpan<byte> Find(CommandLineArguments arguments)
    {
        ReadOnlySpan<byte> name = [], id = [];
        ReadOnlySpan<byte> rest = arguments.AfterProgram;
        while (CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> argument))
        {
            // QEMU takes every option with one dash or two, and merges an option that is given again.
            if (Is(argument, "name"u8) && CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> value) && Guest(value) is { IsEmpty: false } guest)
                name = guest;
            // Proxmox's own option: the VM's number.
            else if (Is(argument, "id"u8) && CommandLineArguments.Next(ref rest, out ReadOnlySpan<byte> number))
                id = number;
        }
        return name.IsEmpty ? id : name;
    }

    /// <summary>The guest's name in the value of <c>-name</c>; empty where it holds none.</summary>
    internal static ReadOnlySpan<byte> Guest(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> guest = [];
        for (bool first = true; !value.IsEmpty; first = false)
        {
            int end = value.IndexOfAny((byte)'=', (byte)',');
            bool keyed = end >= 0 && value[end] == '=';
            ReadOnlySpan<byte> key = keyed ? value[..end] : [];
            ReadOnlySpan<byte> text = TakeValue(keyed ? value[(end + 1)..] : value, out value);
            if (keyed ? key.SequenceEqual("guest"u8) : first) guest = text;
        }
        return guest;
    }

    private static bool Is(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> option) =>
        argument.Length > option.Length && argument[0] == '-' && argument[(argument[1] == '-' ? 2 : 1)..].SequenceEqual(option);

    private static ReadOnlySpan<byte> TakeValue(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> rest)
    {
        int at = 0;
        bool doubled = false;
        while (at < text.Length)
        {
            if (text[at] != ',') at++;
            else if (at + 1 < text.Length && text[at + 1] == ',') (at, doubled) = (at + 2, true);
            else break;
        }
        ReadOnlySpan<byte> value = text[..at];
        rest = at < text.Length ? text[(at + 1)..] : [];
        return doubled ? Undouble(value) : value;
    }

    private static byte[] Undouble(ReadOnlySpan<byte> value)
    {
        var plain = new byte[value.Length];
        int length = 0;
        for (int i = 0; i < value.Length; i++)
        {
            plain[length++] = value[i];
            if (value[i] == ',') i++;
        }
        return plain[..length];
    }
}
