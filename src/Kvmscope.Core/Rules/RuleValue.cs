using System.Globalization;

namespace Kvmscope.Core.Rules;

/// <summary>The value that a rule compares with, as typed.</summary>
/// <param name="Number">The number.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record RuleValue(decimal Number, RuleUnit Unit)
{
    /// <summary>The value in the base unit.</summary>
    internal ExactNumber Exact => ExactNumber.Of(Number).Times(ExactNumber.Of(Unit.Multiply)).Over(ExactNumber.Of(Unit.Divide));

    /// <summary>As a rule spells it.</summary>
    internal string Text => Number.ToString(CultureInfo.InvariantCulture) + Unit.Name;
}
