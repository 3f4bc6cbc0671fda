namespace Kvmscope.Core.Rules;

/// <summary>How the measured value is compared with the rule's.</summary>
internal enum RuleComparison
{
    /// <summary>Less.</summary>
    Less,

    /// <summary>Less or equal.</summary>
    AtMost,

    /// <summary>More.</summary>
    More,

    /// <summary>More or equal.</summary>
    AtLeast,

    /// <summary>Equal.</summary>
    Equal,

    /// <summary>Not equal.</summary>
    Unequal,
}
