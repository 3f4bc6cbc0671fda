namespace Kvmscope.Core.Rules;

/// <summary>How a value that was seen stands to the true one.</summary>
internal enum RuleBound
{
    /// <summary>It is the true one.</summary>
    Exact,

    /// <summary>The true one is this or more: something was lost.</summary>
    AtLeast,

    /// <summary>The true one is this or less: something else is in it.</summary>
    AtMost,
}
