using Kvmscope.Core;

namespace Kvmscope.CommandLine;

/// <summary>The sizes of pages that <c>--page-size</c> takes.</summary>
internal static class PageSizes
{
    /// <summary>The default, as a power of two: 4 KiB.</summary>
    public const int DefaultShift = 12;

    private static readonly (string Name, int Shift)[] s_sizes = [("4K", DefaultShift), ("64K", 16), ("2M", 21), ("1G", 30)];

    /// <summary>What the option's help says.</summary>
    public static string Names { get; } = string.Join('|', s_sizes.Select(s => s.Name));

    /// <summary>Reads a size; a power of two.</summary>
    /// <exception cref="KvmscopeException">It is none of them (status 2).</exception>
    public static int Parse(string text)
    {
        foreach ((string name, int shift) in s_sizes)
            if (text.Equals(name, StringComparison.OrdinalIgnoreCase)) return shift;
        throw UsageError.NotOneOf("--page-size", text, [.. s_sizes.Select(s => s.Name)]);
    }

    /// <summary>The name of a size.</summary>
    public static string NameOf(int shift) => Array.Find(s_sizes, s => s.Shift == shift).Name ?? $"2^{shift} bytes";
}
