namespace Kvmscope.Core.Recordings;

/// <summary>What a member of a recording holds.</summary>
public enum MemberKind : byte
{
    /// <summary>The first: where, when and how it was recorded.</summary>
    Header = 1,

    /// <summary>One interval.</summary>
    Interval = 2,

    /// <summary>The sum of many intervals that stand before it, so that a long recording is read without reading all of it.</summary>
    Span = 3,

    /// <summary>The last, of a recording that was ended and not cut off.</summary>
    End = 4,
}
