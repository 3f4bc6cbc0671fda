using System.Text;

namespace Kvmscope.CommandLine;

/// <summary>Words as they are typed in a shell.</summary>
internal static class ShellWord
{
    /// <summary>A word in quotes, where it needs them.</summary>
    internal static string Of(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "_-./,:=@%+".Contains(c))
            ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>
    /// What a word means: without quotes and backslashes. A quote may still be open. Nothing is expanded (<c>$HOME</c>, <c>~</c>).
    /// </summary>
    internal static string Plain(string typed)
    {
        var plain = new StringBuilder(typed.Length);
        char quote = '\0';
        for (int i = 0; i < typed.Length; i++)
        {
            char c = typed[i];
            if (c == quote) quote = '\0';
            else if (quote == '\0' && (c is '\'' or '"')) quote = c;
            else if (c == '\\' && quote != '\'' && i + 1 < typed.Length && (quote == '\0' || typed[i + 1] is '"' or '\\' or '$' or '`'))
                plain.Append(typed[++i]);
            else plain.Append(c);
        }
        return plain.ToString();
    }
}
