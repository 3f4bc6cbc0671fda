using System.Text;

namespace Kvmscope.Tests;

/// <summary>A line of shell, as far as the documentation has any: words, quotes, comments, and where one command ends.</summary>
internal static class ShellWords
{
    /// <summary>The words of each command of a line, without redirections.</summary>
    public static IReadOnlyList<string[]> Commands(string line)
    {
        List<string[]> commands = [];
        List<string> words = [];
        var word = new StringBuilder();
        bool isWord = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                else word.Append(c);
            }
            else if (c is '\'' or '"') (quote, isWord) = (c, true);
            else if (c == '#' && !isWord) break;
            else if (c is '|' or ';' or '&' or '>' or '<')
            {
                // 2>file: the number is the redirection's.
                if (c is '>' or '<' && word.Length == 1 && char.IsAsciiDigit(word[0])) isWord = false;
                EndWord();
                // The name of the file that follows is not the command's.
                if (c is '>' or '<') i = EndOfName(line, i + 1);
                else EndCommand();
            }
            else if (c == ' ') EndWord();
            else (_, isWord) = (word.Append(c), true);
        }
        if (quote != '\0') throw new InvalidDataException($"a quote has no end: {line}");
        EndWord();
        EndCommand();
        return commands;

        void EndWord()
        {
            if (isWord) words.Add(word.ToString());
            word.Clear();
            isWord = false;
        }

        void EndCommand()
        {
            if (words.Count > 0) commands.Add([.. words]);
            words.Clear();
        }
    }

    private static int EndOfName(string line, int at)
    {
        while (at < line.Length && line[at] is ' ' or '&' or '>') at++;
        while (at + 1 < line.Length && line[at + 1] is not (' ' or ';' or '|' or '&')) at++;
        return at;
    }
}
