using System.Text;

namespace Kvmscope.Host.Machines;

/// <summary>Names that others chose, as text: whole, up to a limit. What a terminal would act on is left to the outputs.</summary>
internal static class DisplayName
{
    /// <summary>The longest name, in bytes.</summary>
    internal const int MaxLength = 4096;

    /// <summary>The name without blanks around it; empty where nothing else is left.</summary>
    internal static string From(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
        {
            int end = MaxLength;
            // Not within a character: its later bytes are 10xxxxxx.
            while (end > MaxLength - 3 && (utf8[end] & 0xc0) == 0x80) end--;
            utf8 = utf8[..end];
        }
        return Encoding.UTF8.GetString(utf8).Trim();
    }
}
