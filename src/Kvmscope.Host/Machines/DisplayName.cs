using System.Globalization;
using System.Text;

namespace Kvmscope.Host.Machines;

/// <summary>
/// Makes a name that others chose safe to show. VMs are named by their owners, who are not the ones that read the table:
/// what a terminal would act on (control characters, escape sequences) and what would reorder or hide text is shown as "?".
/// </summary>
internal static class DisplayName
{
    /// <summary>The longest name, in characters; Firecracker's ids have up to 64.</summary>
    internal const int MaxLength = 64;

    /// <summary>The name as it may be shown; empty where nothing but blanks is left.</summary>
    internal static string From(ReadOnlySpan<byte> utf8)
    {
        var name = new StringBuilder(Math.Min(utf8.Length, MaxLength));
        while (!utf8.IsEmpty && name.Length < MaxLength)
        {
            bool valid = Rune.DecodeFromUtf8(utf8, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            utf8 = utf8[used..];
            if (!valid || !IsHarmless(rune)) name.Append('?');
            else if (name.Length + rune.Utf16SequenceLength <= MaxLength) name.Append(rune.ToString());
            else break;
        }
        return name.ToString().Trim();
    }

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);
}
