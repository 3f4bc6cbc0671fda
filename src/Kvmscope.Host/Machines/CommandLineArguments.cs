namespace Kvmscope.Host.Machines;

/// <summary>The arguments in /proc/PID/cmdline: NUL-separated, bytes of any kind, read without copying.</summary>
/// <param name="text">The file's bytes.</param>
internal readonly ref struct CommandLineArguments(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Argument 0 without its folder: the program, as its starter called it; empty where there is none.</summary>
    internal ReadOnlySpan<byte> Program
    {
        get
        {
            ReadOnlySpan<byte> path = Cut(_text, out _);
            return path[(path.LastIndexOf((byte)'/') + 1)..];
        }
    }

    /// <summary>All that comes after the program.</summary>
    internal ReadOnlySpan<byte> AfterProgram
    {
        get
        {
            Cut(_text, out ReadOnlySpan<byte> rest);
            return rest;
        }
    }

    /// <summary>The last argument; empty where there is none, or where it is an option.</summary>
    internal ReadOnlySpan<byte> Last
    {
        get
        {
            ReadOnlySpan<byte> rest = AfterProgram, last = [];
            while (!rest.IsEmpty) last = Cut(rest, out rest);
            return IsOption(last) ? [] : last;
        }
    }

    /// <summary>The first argument that is no option, also one after <c>--</c>.</summary>
    internal ReadOnlySpan<byte> File
    {
        get
        {
            ReadOnlySpan<byte> rest = AfterProgram;
            while (!rest.IsEmpty)
            {
                if (Cut(rest, out rest) is { IsEmpty: false } argument && !IsOption(argument)) return argument;
            }
            return [];
        }
    }

    /// <summary>Takes the first argument off; false where none is left, and at <c>--</c>, after which come no options.</summary>
    internal static bool Next(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> argument)
    {
        if (rest.IsEmpty)
        {
            argument = [];
            return false;
        }
        argument = Cut(rest, out rest);
        return !argument.SequenceEqual("--"u8);
    }

    /// <summary>
    /// Takes arguments off up to the next that is this option, and its value: the next argument, or what follows its "=". Options are
    /// the same with one dash or two.
    /// </summary>
    /// <param name="rest">The arguments that are left.</param>
    /// <param name="option">The option with its dashes.</param>
    /// <param name="value">The value; empty where there is none.</param>
    /// <returns>False where the option does not come any more.</returns>
    internal static bool NextValue(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> option, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> name = option.TrimStart((byte)'-');
        while (Next(ref rest, out ReadOnlySpan<byte> argument))
        {
            if (!IsOption(argument)) continue;
            argument = argument[(argument[1] == '-' ? 2 : 1)..];
            if (!argument.StartsWith(name)) continue;
            if (argument.Length == name.Length)
            {
                value = Cut(rest, out rest);
                return true;
            }
            if (argument[name.Length] != '=') continue;
            value = argument[(name.Length + 1)..];
            return true;
        }
        value = [];
        return false;
    }

    /// <summary>The first argument after a verb that is neither an option nor an option's value.</summary>
    internal ReadOnlySpan<byte> After(ReadOnlySpan<byte> verb)
    {
        ReadOnlySpan<byte> rest = AfterProgram;
        bool seen = false;
        while (Next(ref rest, out ReadOnlySpan<byte> argument))
        {
            if (IsOption(argument))
            {
                if (seen && !argument.Contains((byte)'=')) Cut(rest, out rest);
            }
            else if (seen) return argument;
            else seen = argument.SequenceEqual(verb);
        }
        return [];
    }

    private static bool IsOption(ReadOnlySpan<byte> argument) => argument.Length > 1 && argument[0] == '-';

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> rest)
    {
        int end = text.IndexOf((byte)0);
        rest = end < 0 ? [] : text[(end + 1)..];
        return end < 0 ? text : text[..end];
    }
}
