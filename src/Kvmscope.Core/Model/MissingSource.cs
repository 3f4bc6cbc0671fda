namespace Kvmscope.Core.Model;

/// <summary>Something that was asked for and that this kernel does not give.</summary>
/// <param name="Part">The part of the wall clock that cannot be told apart; null where it is not about the split.</param>
/// <param name="Text">What is missing and what follows from it: <c>kvm_vcpu_wakeup cannot be attached: halts are under sleep</c>.</param>
public sealed record MissingSource(TimePart? Part, string Text);
