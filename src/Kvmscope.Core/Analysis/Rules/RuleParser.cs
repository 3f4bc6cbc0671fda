using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>Reads one rule; the grammar is in docs/assert.md, and each of its productions is a method.</summary>
internal sealed class RuleParser
{
    // More digits are a typing error; the limit keeps computations small.
    private const int MaxDigits = 15, MaxDecimals = 9;

    private readonly RuleSource _source;
    private readonly RuleCursor _cursor;
    private RuleMetrics.Info _metric = RuleMetrics.Of(RuleMetric.Max);

    private RuleParser(RuleSource source, int end)
    {
        _source = source;
        _cursor = new RuleCursor(source, end);
    }

    /// <summary>Reads the rule in the source's line, up to the end.</summary>
    internal static Rule Parse(RuleSource source, int end) => new RuleParser(source, end).Rule(source.Line[..end].Trim());

    private string Hint => $"For example: {_metric.Example}";

    private Rule Rule(string text)
    {
        _metric = Metric();
        Expect("(", $"( after {_metric.Name}");
        RuleTarget target = Target();
        var selection = new Selection();
        while (_cursor.TryTake(",")) selection = Filter(selection, target);
        Expect(")", "a comma and a filter, or )");
        if (_cursor.TryTake("{"))
        {
            do selection = Filter(selection, target);
            while (_cursor.TryTake(","));
            Expect("}", "a comma and a filter, or }");
        }
        RuleComparison comparison = Comparison();
        RuleValue value = Value();
        if (!_cursor.IsAtEnd) throw Error(_cursor.Column, $"{_cursor.Next} does not belong to the rule", "expected the end of the rule");
        return new Rule(text, _source, _metric.Metric, target, selection, comparison, value);
    }

    private RuleMetrics.Info Metric()
    {
        int column = _cursor.Column;
        string next = _cursor.Next;
        return RuleMetrics.Find(_cursor.Word()) ?? throw Error(column, $"{next} is not a metric", $"expected {RuleMetrics.Names}");
    }

    private RuleTarget Target()
    {
        int column = _cursor.Column;
        string next = _cursor.Next;
        string text = _cursor.WordOrQuoted().Trim();
        if (text.Length == 0) throw Error(column, $"{next} is not an exit", "expected exit, any, idle or an exit reason");
        RuleTargetKind kind = text.ToLowerInvariant() switch
        {
            "exit" => RuleTargetKind.Exit,
            "any" => RuleTargetKind.Any,
            "idle" => RuleTargetKind.Idle,
            _ => RuleTargetKind.Reason,
        };
        if (kind == RuleTargetKind.Reason && PartOf(text) is { } part)
        {
            return _metric.Metric == RuleMetric.Share
                ? new RuleTarget(RuleTargetKind.Part, text, part, column)
                : throw Error(column, $"{text} is a part of the wall clock, which has no {_metric.Name}",
                    "expected exit, any, idle or an exit reason; parts only have share");
        }
        return new RuleTarget(kind, text, default, column);
    }

    private static TimePart? PartOf(string text)
    {
        foreach (PartNames.PartInfo part in PartNames.All)
            if (string.Equals(part.Name, text, StringComparison.OrdinalIgnoreCase)) return part.Part;
        return null;
    }

    private Selection Filter(Selection selection, RuleTarget target)
    {
        int column = _cursor.Column;
        string next = _cursor.Next;
        string key = _cursor.Word().ToLowerInvariant();
        if (key is not ("vm" or "vcpu" or "level")) throw Error(column, $"{next} is not a filter", "expected vm=, vcpu= or level=");
        if (key switch { "vm" => !selection.Vms.IsEmpty, "vcpu" => !selection.Vcpus.IsEmpty, _ => selection.Level is not null })
            throw Error(column, $"{key} is given twice", $"a second {key}");
        if (key == "level" && target.Kind == RuleTargetKind.Part)
            throw Error(column, "a part of the wall clock belongs to a vCPU and has no level", "expected vm= or vcpu=");
        if (!_cursor.TryTake("==")) Expect("=", $"= after {key}");
        int at = _cursor.Column;
        next = _cursor.Next;
        string text = _cursor.WordOrQuoted();
        switch (key)
        {
            case "vm":
                return text.Length > 0
                    ? selection with { Vms = [text] }
                    : throw Error(at, $"{next} is not a VM", "expected a name, in quotes if it has spaces or signs, or a pid");
            case "vcpu":
                return IdRanges.TryParse(text, out ImmutableArray<int> ids)
                    ? selection with { Vcpus = ids }
                    : throw Error(at, $"{next} is not a vCPU id", "expected a number from 0, or a range: 0-3");
            default:
                return selection with { Level = Level(text) ?? throw Error(at, $"{next} is not a level", "expected l1 or l2") };
        }
    }

    private static ExitLevel? Level(string text) => text.ToLowerInvariant() switch
    {
        "l1" or "1" => ExitLevel.L1,
        "l2" or "2" => ExitLevel.L2,
        _ => null,
    };

    // The longer ones first, as they start with the shorter ones.
    private RuleComparison Comparison()
    {
        if (_cursor.TryTake("<=")) return RuleComparison.AtMost;
        if (_cursor.TryTake(">=")) return RuleComparison.AtLeast;
        if (_cursor.TryTake("!=")) return RuleComparison.Unequal;
        if (_cursor.TryTake("==") || _cursor.TryTake("=")) return RuleComparison.Equal;
        if (_cursor.TryTake("<")) return RuleComparison.Less;
        if (_cursor.TryTake(">")) return RuleComparison.More;
        throw Error(_cursor.Column, $"{_cursor.Next} is not a comparison", "expected <, <=, >, >=, == or !=");
    }

    private RuleValue Value()
    {
        int column = _cursor.Column;
        string next = _cursor.Next, fitting = $"expected {RuleUnit.Fitting(_metric.Quantity)}";
        string digits = _cursor.Number();
        if (digits.Length == 0) throw Error(column, $"{next} is not a number", fitting);
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        string whole = (point < 0 ? digits : digits[..point]).TrimStart('0');
        if (whole.Length > MaxDigits || (point >= 0 && digits.Length - point - 1 > MaxDecimals))
            throw Error(column, $"{digits} has too many digits", $"expected up to {MaxDigits}, and {MaxDecimals} after the point");
        decimal number = decimal.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

        int unitColumn = _cursor.Column;
        string name = _cursor.TryTake("/") ? "/" + _cursor.Word() : _cursor.Word();
        RuleUnit unit = RuleUnit.Find(name, _metric.Quantity)
            ?? throw Error(
                unitColumn, name.Length == 0 ? $"{_metric.Name} needs a unit" : $"'{name}' is not a unit of {_metric.Name}", fitting);
        if (_metric.Quantity == RuleQuantity.Count && decimal.Truncate(number) != number)
            throw Error(column, $"{digits} is not a whole number", fitting);
        if (_metric.Quantity == RuleQuantity.Share && number > unit.Divide)
            throw Error(column, $"{digits}{name} is more than 100 %", fitting);
        return new RuleValue(number, unit);
    }

    private void Expect(string sign, string expected)
    {
        if (!_cursor.TryTake(sign)) throw Error(_cursor.Column, $"{_cursor.Next} is not expected here", $"expected {expected}");
    }

    private KvmscopeException Error(int column, string problem, string expected) => _source.Error(column, problem, expected, Hint);
}

/// <summary>Reads a rule's text from left to right, one word or sign at a time; spaces between them do not matter.</summary>
internal sealed class RuleCursor(RuleSource source, int end)
{
    private const string Signs = ",(){}\"=<>!";

    private readonly string _text = source.Line;
    private int _at;

    /// <summary>Where the next word or sign is, from 1; after the last character where there is none.</summary>
    internal int Column
    {
        get
        {
            SkipBlanks();
            return _at + 1;
        }
    }

    /// <summary>Whether nothing is left.</summary>
    internal bool IsAtEnd
    {
        get
        {
            SkipBlanks();
            return _at >= end;
        }
    }

    /// <summary>Whether a text can stand in a rule without quotes.</summary>
    internal static bool IsWord(string text) => text.Length > 0 && text[0] != '#' && text.All(IsWordCharacter);

    /// <summary>What comes next, as an error names it.</summary>
    internal string Next
    {
        get
        {
            if (IsAtEnd) return "the end";
            int length = 0;
            while (_at + length < end && IsWordCharacter(_text[_at + length])) length++;
            return $"'{ForeignText.OneLine(_text.Substring(_at, Math.Max(1, length)))}'";
        }
    }

    /// <summary>Takes the sign if it comes next.</summary>
    internal bool TryTake(string sign)
    {
        SkipBlanks();
        if (string.CompareOrdinal(_text, _at, sign, 0, sign.Length) != 0 || _at + sign.Length > end) return false;
        _at += sign.Length;
        return true;
    }

    /// <summary>Takes a word; empty where none comes next.</summary>
    internal string Word()
    {
        SkipBlanks();
        int from = _at;
        while (_at < end && IsWordCharacter(_text[_at])) _at++;
        return _text[from.._at];
    }

    /// <summary>Takes digits, with a point within them where a fraction follows; empty where none come next.</summary>
    internal string Number()
    {
        SkipBlanks();
        int from = _at;
        while (IsDigit(_at)) _at++;
        if (_at > from && _at < end && _text[_at] == '.' && IsDigit(_at + 1))
            for (_at++; IsDigit(_at);) _at++;
        return _text[from.._at];
    }

    /// <summary>
    /// Takes a word, or a text in quotes, in which a backslash keeps a quote or a backslash; empty where none comes next.
    /// </summary>
    internal string WordOrQuoted()
    {
        int open = Column;
        if (!TryTake("\"")) return Word();
        var text = new StringBuilder();
        for (; _at < end && _text[_at] != '"'; _at++)
        {
            if (_text[_at] == '\\' && _at + 1 < end && _text[_at + 1] is '"' or '\\') _at++;
            text.Append(_text[_at]);
        }
        if (_at >= end)
            throw source.Error(
                open, "a quote is not closed", "this quote has no end", "Write vm=\"my vm\", and \\\" for a quote within it.");
        _at++;
        return text.ToString();
    }

    private bool IsDigit(int at) => at < end && char.IsAsciiDigit(_text[at]);

    private void SkipBlanks()
    {
        while (_at < end && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private static bool IsWordCharacter(char c) =>
        !char.IsWhiteSpace(c) && !char.IsControl(c) && !Signs.Contains(c, StringComparison.Ordinal);
}

/// <summary>Where a rule is, so that errors can point at it.</summary>
/// <param name="Line">The text with the rule: the rule itself, or a line of a file.</param>
/// <param name="File">The file's name; null for the command line.</param>
/// <param name="Number">The line's number in the file, from 1.</param>
internal sealed record RuleSource(string Line, string? File = null, int Number = 0)
{
    /// <summary>An error of status 2: the problem, under it the rule, and under that a caret and what was expected.</summary>
    /// <param name="column">Where it is, from 1; one more than the length is the end.</param>
    /// <param name="problem">What is wrong.</param>
    /// <param name="expected">The text after the caret.</param>
    /// <param name="hint">A correct rule, or what else to do.</param>
    internal KvmscopeException Error(int column, string problem, string expected, string hint)
    {
        string where = File is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{File}:{Number}:{column}: ");
        string at = File is null ? string.Create(CultureInfo.InvariantCulture, $" (column {column})") : "";
        string caret = new string(' ', column - 1) + "^ " + expected;
        return new KvmscopeException(ExitStatus.Usage, $"{where}{problem}{at}", hint) { Lines = [ForeignText.OneLine(Line), caret] };
    }
}
