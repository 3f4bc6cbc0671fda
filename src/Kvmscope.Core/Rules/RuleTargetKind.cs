namespace Kvmscope.Core.Rules;

/// <summary>What the metric is taken of.</summary>
internal enum RuleTargetKind
{
    /// <summary>All exits but the idle ones, whose time is waiting and no overhead.</summary>
    Exit,

    /// <summary>All exits.</summary>
    Any,

    /// <summary>Idle exits.</summary>
    Idle,

    /// <summary>The exits of one reason.</summary>
    Reason,

    /// <summary>A part of the wall clock.</summary>
    Part,
}
