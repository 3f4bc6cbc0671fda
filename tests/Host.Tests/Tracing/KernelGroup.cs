namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Tests that load BPF programs, one after the other: some look at what is loaded.</summary>
[CollectionDefinition(Name)]
public sealed class KernelGroup
{
    public const string Name = "kernel";
}
