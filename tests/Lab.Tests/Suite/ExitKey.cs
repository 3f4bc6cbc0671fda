namespace Kvmscope.Lab.Tests.Suite;

/// <summary>What counts are compared by.</summary>
internal readonly record struct ExitKey(ulong Code, int Level)
{
    public override string ToString() => $"0x{Code:x} of L{Level}";
}
