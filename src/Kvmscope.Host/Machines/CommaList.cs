namespace Kvmscope.Host.Machines;

/// <summary>
/// Lists like that of QEMU's <c>-name</c>: <c>X</c>, <c>guest=X,debug-threads=on</c>, <c>X,process=Y</c>. A first value may have no key,
/// a comma in a value is doubled.
/// </summary>
internal static class CommaList
{
    /// <summary>The value of a key, as raw bytes; empty where the list has none.</summary>
    /// <param name="list">The list.</param>
    /// <param name="wanted">The key.</param>
    /// <param name="impliesKey">Whether a first value without a key is this key's.</param>
    internal static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> list, ReadOnlySpan<byte> wanted, bool impliesKey)
    {
        ReadOnlySpan<byte> found = [];
        for (bool first = true; !list.IsEmpty; first = false)
        {
            int end = list.IndexOfAny((byte)'=', (byte)',');
            // A path is a value and no key, whatever it has in it.
            bool keyed = end >= 0 && list[end] == '=' && !list[..end].Contains((byte)'/');
            ReadOnlySpan<byte> key = keyed ? list[..end] : [];
            ReadOnlySpan<byte> text = TakeValue(keyed ? list[(end + 1)..] : list, out list);
            if (keyed ? key.SequenceEqual(wanted) : first && impliesKey) found = text;
        }
        return found;
    }

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
