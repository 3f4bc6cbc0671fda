namespace Kvmscope.Lab.Tests.Suite;

/// <summary>The key by which counts are compared.</summary>
internal readonly record struct ExitKey(ulong Code, int Level)
{
    public override string ToString() => $"0x{Code:x} of L{Level}";
}
