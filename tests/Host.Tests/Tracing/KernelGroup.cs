namespace Kvmscope.Host.Tests.Tracing;

/// <summary>Tests that load BPF programs run one after the other, because some check which programs are loaded.</summary>
[CollectionDefinition(Name)]
public sealed class KernelGroup
{
    public const string Name = "kernel";
}
