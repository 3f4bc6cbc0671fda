using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Rules;

/// <summary>Reads one rule; the grammar is in docs/assert.md, and each of its productions is a method.</summary>
internal sealed class RuleParser
{
    // More is a typing error, and keeps what is computed of it small.
    private const int MostDigits = 15, MostDecimals = 9;

    private readonly RuleSource _source;
    private readonly RuleCursor _cursor;
    private RuleMetrics.Info _metric = RuleMetrics.Of(RuleMetric.Max);

    private RuleParser(RuleSource source, int end)
    {
        _source = source;
        _cursor = new RuleCursor(source, end);
    }

    /// <summary>Reads the rule that the source's line is, up to the end.</summary>
    internal static Rule Parse(RuleSource source, int end) => new RuleParser(source, end).Rule(source.Line[..end].Trim());

    private string Mend => $"For example: {_metric.Example}";

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
        return RuleMetrics.Find(_cursor.Word()) ?? throw Error(column, $"{next} is nothing that can be measured", $"expected {RuleMetrics.Names}");
    }

    private RuleTarget Target()
    {
        int column = _cursor.Column;
        string next = _cursor.Next;
        string text = _cursor.WordOrQuoted().Trim();
        if (text.Length == 0) throw Error(column, $"{next} is no exit", "expected exit, any, idle or an exit reason");
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
                : throw Error(column, $"{text} is a part of the wall clock, which has no {_metric.Name}", "expected exit, any, idle or an exit reason; parts only have share");
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
        if (key is not ("vm" or "vcpu" or "level")) throw Error(column, $"{next} is no filter", "expected vm=, vcpu= or level=");
        if (key switch { "vm" => !selection.Vms.IsEmpty, "vcpu" => !selection.Vcpus.IsEmpty, _ => selection.Level is not null })
            throw Error(column, $"{key} is given twice", $"a second {key}");
        if (key == "level" && target.Kind == RuleTargetKind.Part)
            throw Error(column, "parts of the wall clock are of a vCPU, not of a level", "expected vm= or vcpu=");
        if (!_cursor.TryTake("==")) Expect("=", $"= after {key}");
        int at = _cursor.Column;
        next = _cursor.Next;
        string text = _cursor.WordOrQuoted();
        switch (key)
        {
            case "vm":
                return text.Length > 0 ? selection with { Vms = [text] } : throw Error(at, $"{next} is no VM", "expected a name, in quotes if it has blanks or signs, or a pid");
            case "vcpu":
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                    ? selection with { Vcpus = [id] }
                    : throw Error(at, $"{next} is no vCPU id", "expected a number from 0");
            default:
                return selection with { Level = Level(text) ?? throw Error(at, $"{next} is no level", "expected l1 or l2") };
        }
    }

    private static ExitLevel? Level(string text) => text.ToLowerInvariant() switch
    {
        "l1" or "1" => ExitLevel.L1,
        "l2" or "2" => ExitLevel.L2,
        _ => null,
    };

    // The longer ones first, as they begin with the shorter.
    private RuleComparison Comparison()
    {
        if (_cursor.TryTake("<=")) return RuleComparison.AtMost;
        if (_cursor.TryTake(">=")) return RuleComparison.AtLeast;
        if (_cursor.TryTake("!=")) return RuleComparison.Unequal;
        if (_cursor.TryTake("==") || _cursor.TryTake("=")) return RuleComparison.Equal;
        if (_cursor.TryTake("<")) return RuleComparison.Less;
        if (_cursor.TryTake(">")) return RuleComparison.More;
        throw Error(_cursor.Column, $"{_cursor.Next} compares nothing", "expected <, <=, >, >=, == or !=");
    }

    private RuleValue Value()
    {
        int column = _cursor.Column;
        string next = _cursor.Next, fitting = $"expected {RuleUnit.Fitting(_metric.Quantity)}";
        string digits = _cursor.Number();
        if (digits.Length == 0) throw Error(column, $"{next} is no number", fitting);
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        string whole = (point < 0 ? digits : digits[..point]).TrimStart('0');
        if (whole.Length > MostDigits || (point >= 0 && digits.Length - point - 1 > MostDecimals))
            throw Error(column, $"{digits} has too many digits", $"expected up to {MostDigits}, and {MostDecimals} after the point");
        decimal number = decimal.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

        int unitColumn = _cursor.Column;
        string name = _cursor.TryTake("/") ? "/" + _cursor.Word() : _cursor.Word();
        RuleUnit unit = RuleUnit.Find(name, _metric.Quantity)
            ?? throw Error(unitColumn, name.Length == 0 ? $"{_metric.Name} needs a unit" : $"'{name}' is no unit of {_metric.Name}", fitting);
        if (_metric.Quantity == RuleQuantity.Count && decimal.Truncate(number) != number)
            throw Error(column, $"there is no {digits} of an exit", fitting);
        if (_metric.Quantity == RuleQuantity.Share && number > unit.Divide)
            throw Error(column, $"{digits}{name} is more than the whole", fitting);
        return new RuleValue(number, unit);
    }

    private void Expect(string sign, string expected)
    {
        if (!_cursor.TryTake(sign)) throw Error(_cursor.Column, $"{_cursor.Next} is not what comes here", $"expected {expected}");
    }

    private KvmscopeException Error(int column, string problem, string expected) => _source.Error(column, problem, expected, Mend);
}
