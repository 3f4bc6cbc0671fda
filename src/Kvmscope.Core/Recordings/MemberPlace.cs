namespace Kvmscope.Core.Recordings;

/// <summary>Where a member stands in a recording.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Head">What it is about.</param>
internal readonly record struct MemberPlace(long Offset, MemberHead Head);
