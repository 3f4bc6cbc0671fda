using System.Globalization;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Model;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Analysis.Rules;

/// <summary>How rules and what they measured are written for people.</summary>
internal static class RuleText
{
    private const int MaxDecimals = 9;

    /// <summary>A measured value; where rounding would make it look equal to the rule's value, with enough digits to differ.</summary>
    internal static string Value(ExactNumber value, RuleValue rule)
    {
        ExactNumber limit = rule.Exact;
        if (rule.Unit.Quantity == RuleQuantity.Count) return value.ToDouble().ToString("0", CultureInfo.InvariantCulture);
        if (rule.Unit.Quantity == RuleQuantity.Time && (value.CompareTo(limit) == 0 || Scaled(value) != Scaled(limit)))
            return Scaled(value);
        int decimals = rule.Unit.Quantity switch { RuleQuantity.Share => 2, RuleQuantity.Rate when value.ToDouble() < 10 => 1, _ => 0 };
        while (decimals < MaxDecimals && value.CompareTo(limit) != 0
            && Plain(value, rule.Unit, decimals) == Plain(limit, rule.Unit, decimals)) decimals++;
        return Plain(value, rule.Unit, decimals);
    }

    /// <summary>A time, rounded.</summary>
    internal static string Scaled(ExactNumber ns) => ScaledText.Time((ulong)Math.Round(ns.ToDouble()));

    /// <summary>What a row is about: <c>IOIO, web-1 vCPU 2, L1</c>.</summary>
    internal static string Owner(Interval interval, GroupKey key)
    {
        string text = ExitReasons.Name(key.Code);
        if (Qualifiers.Name(key.Code, key.Qualifier) is { Length: > 0 } qualifier) text += $" {qualifier}";
        if (interval.VmOf(key) is { } vm) text += $", {vm.Name}";
        if (key.VcpuId is { } vcpu) text += string.Create(CultureInfo.InvariantCulture, $" vCPU {vcpu}");
        return IsaInfo.Of(key.Code.Isa).HasLevels ? text + (key.Level == ExitLevel.L2 ? ", L2" : ", L1") : text;
    }

    // Rates are shown as the rule has them: per second, minute or hour.
    private static string Plain(ExactNumber value, RuleUnit unit, int decimals)
    {
        string format = "F" + decimals.ToString(CultureInfo.InvariantCulture);
        return unit.Quantity switch
        {
            RuleQuantity.Time => value.ToDouble().ToString(format, CultureInfo.InvariantCulture) + " ns",
            RuleQuantity.Share => (100 * value.ToDouble()).ToString(format, CultureInfo.InvariantCulture) + " %",
            _ => (unit.Divide * value.ToDouble()).ToString(format, CultureInfo.InvariantCulture)
                + (unit.Name.Length == 0 ? "/s" : unit.Name),
        };
    }
}
