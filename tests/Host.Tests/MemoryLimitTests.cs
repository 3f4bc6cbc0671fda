using Kvmscope.Core;

namespace Kvmscope.Host.Tests;

/// <summary>How much the heap may take below the shell's limits; that the program then ends with a message is the lab's to see.</summary>
public sealed class MemoryLimitTests
{
    private const ulong None = ulong.MaxValue, GB = 1 << 30;

    [Theory]
    [InlineData(None, None, null)]
    [InlineData(16 * GB, None, 3 * GB)]
    [InlineData(None, 8 * GB, 3 * GB)]
    [InlineData(16 * GB, 16 * GB, 3 * GB)]
    [InlineData(16 * GB, GB / 2, GB / 16 * 3)]
    [InlineData(MemoryLimit.LeastAddressSpace, None, MemoryLimit.LeastAddressSpace / 16 * 3)]
    [InlineData(None, 0UL, 0UL)]
    public void The_heap_takes_a_part_of_what_is_allowed(ulong addressSpace, ulong data, ulong? bytes) =>
        Assert.Equal(bytes, MemoryLimit.HeapBytes(addressSpace, data));

    [Theory]
    [InlineData(0)]
    [InlineData(300UL << 20)]
    [InlineData(MemoryLimit.LeastAddressSpace - 1)]
    public void Too_little_address_space_is_an_error_that_names_the_limit(ulong addressSpace)
    {
        KvmscopeException error = Assert.Throws<KvmscopeException>(() => MemoryLimit.HeapBytes(addressSpace, None));
        Assert.Equal((ExitStatus.Failed, $"ulimit -v is {addressSpace >> 10}: that is too little address space to run"),
            (error.Status, error.Message));
        Assert.Contains("524288", error.Hint, StringComparison.Ordinal);
    }
}
