namespace Kvmscope.Host.Machines;

/// <summary>The arguments in /proc/PID/cmdline: NUL-separated, bytes of any kind, read without copying.</summary>
/// <param name="text">The file's bytes.</param>
internal readonly ref struct CommandLineArguments(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Argument 0: the program, as its starter called it; empty where there is none.</summary>
    internal ReadOnlySpan<byte> Program => Cut(_text, out _);

    /// <summary>All that comes after the program.</summary>
    internal ReadOnlySpan<byte> AfterProgram
    {
        get
        {
            Cut(_text, out ReadOnlySpan<byte> rest);
            return rest;
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

    /// <summary>The value of an option: the next argument, or what follows its "=".</summary>
    /// <param name="option">The option with its dashes.</param>
    /// <returns>The value; empty where the option is not there or has none.</returns>
    internal ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> option)
    {
        ReadOnlySpan<byte> rest = AfterProgram;
        while (Next(ref rest, out ReadOnlySpan<byte> argument))
        {
            if (!argument.StartsWith(option)) continue;
            if (argument.Length == option.Length) return Cut(rest, out _);
            if (argument[option.Length] == '=') return argument[(option.Length + 1)..];
        }
        return [];
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> rest)
    {
        int end = text.IndexOf((byte)0);
        rest = end < 0 ? [] : text[(end + 1)..];
        return end < 0 ? text : text[..end];
    }
}
