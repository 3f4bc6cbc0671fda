using System.Globalization;
using Kvmscope.Core.Output;

namespace Kvmscope.Core.Rules;

/// <summary>Where a rule was read, so that errors can point at it.</summary>
/// <param name="Line">The text in which it stands: itself, or a line of a file.</param>
/// <param name="File">The file's name; null for the command line.</param>
/// <param name="Number">The line's number in the file, from 1.</param>
internal sealed record RuleSource(string Line, string? File = null, int Number = 0)
{
    private const string Indent = "  ";

    /// <summary>An error of status 2: the problem, under it the rule, and under that a caret and what was expected.</summary>
    /// <param name="column">Where it is, from 1; one more than the length is the end.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="expected">What the caret says.</param>
    /// <param name="mend">A rule that is right, or what else to do.</param>
    internal KvmscopeException Error(int column, string problem, string expected, string mend)
    {
        string where = File is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{File}:{Number}:{column}: ");
        string at = File is null ? string.Create(CultureInfo.InvariantCulture, $" (column {column})") : "";
        string caret = new string(' ', column - 1) + "^ " + expected;
        return new KvmscopeException(ExitStatus.Usage, $"{where}{problem}{at}\n{Indent}{ForeignText.OneLine(Line)}\n{Indent}{caret}", mend);
    }
}
