namespace Kvmscope.Core.Analysis.Rules;

/// <summary>A file of rules: one per line; blank lines, and what follows a <c>#</c>, are skipped.</summary>
public static class RuleFile
{
    /// <summary>Reads the rules.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="name">The file's name, for errors.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="KvmscopeException">A line is not a rule, or there is none (status 2); the message says file, line and
    /// column.</exception>
    public static IReadOnlyList<Rule> Parse(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<Rule> rules = [];
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().TrimStart('\ufeff').EnumerateLines())
        {
            number++;
            int end = EndOf(line);
            if (!line[..end].IsWhiteSpace()) rules.Add(RuleParser.Parse(new RuleSource(line.ToString(), name, number), end));
        }
        // A file that checks nothing must not pass.
        return rules.Count > 0
            ? rules
            : throw new KvmscopeException(ExitStatus.Usage, $"{name} has no rules", "Write one rule per line, such as: max(exit)<50us");
    }

    // A '#' within quotes or within a word (VMX#71, the VM web#2) begins no comment.
    private static int EndOf(ReadOnlySpan<char> line)
    {
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (quoted && line[i] == '\\') i++;
            else if (line[i] == '"') quoted = !quoted;
            else if (line[i] == '#' && !quoted && (i == 0 || char.IsWhiteSpace(line[i - 1]))) return i;
        }
        return line.Length;
    }
}
