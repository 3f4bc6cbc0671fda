namespace Kvmscope.Interchange.Text;

/// <summary>Numbers and words in lines of ASCII.</summary>
internal static class Words
{
    /// <summary>The text after a word, up to the end; empty where the word is not there.</summary>
    internal static ReadOnlySpan<byte> After(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        int at = text.IndexOf(word);
        return at < 0 ? default : text[(at + word.Length)..];
    }

    /// <summary>Reads a hexadecimal number, with or without 0x, at the beginning.</summary>
    internal static bool TryHex(ReadOnlySpan<byte> text, out ulong number)
    {
        if (text.StartsWith("0x"u8)) text = text[2..];
        number = 0;
        int length = 0;
        for (; length < text.Length && Digit(text[length]) is >= 0 and var digit; length++)
        {
            if (length == 16) return false;
            number = number << 4 | (uint)digit;
        }
        return length > 0;
    }

    /// <summary>Reads a decimal number at the beginning, as far as its digits go.</summary>
    internal static bool TryDecimal(ReadOnlySpan<byte> text, out long number, out int length)
    {
        number = 0;
        for (length = 0; length < text.Length && text[length] is >= (byte)'0' and <= (byte)'9'; length++)
        {
            if (length == 18) return false;
            number = number * 10 + (text[length] - '0');
        }
        return length > 0;
    }

    /// <summary>Reads a decimal number that is a valid id.</summary>
    internal static bool TryId(ReadOnlySpan<byte> text, out int id)
    {
        bool isNumber = TryDecimal(text, out long number, out _) && number <= int.MaxValue;
        id = isNumber ? (int)number : 0;
        return isNumber;
    }

    /// <summary>How many digits are at the end.</summary>
    internal static int DigitsAtEnd(ReadOnlySpan<byte> text) => text.Length - 1 - text.LastIndexOfAnyExceptInRange((byte)'0', (byte)'9');

    private static int Digit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
