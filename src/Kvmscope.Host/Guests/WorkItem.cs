namespace Kvmscope.Host.Guests;

/// <summary>So many times one kind of work.</summary>
/// <param name="Work">What.</param>
/// <param name="Count">How often, 1 or more.</param>
public readonly record struct WorkItem(GuestWork Work, int Count);
