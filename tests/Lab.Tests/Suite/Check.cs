using System.Numerics;

namespace Kvmscope.Lab.Tests.Suite;

/// <summary>Comparisons that fail a case, with both figures.</summary>
internal static class Check
{
    internal static void Equal<T>(T expected, T got, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, got)) throw new SuiteFailure($"{what}: expected {expected}, got {got}");
    }

    internal static void AtMost<T>(T most, T got, string what) where T : INumber<T>
    {
        if (got > most) throw new SuiteFailure($"{what}: expected at most {most}, got {got}");
    }

    internal static void AtLeast<T>(T least, T got, string what) where T : INumber<T>
    {
        if (got < least) throw new SuiteFailure($"{what}: expected at least {least}, got {got}");
    }

    internal static void True(bool holds, string what)
    {
        if (!holds) throw new SuiteFailure(what);
    }

    internal static void Contains(string part, string text, string what)
    {
        if (!text.Contains(part, StringComparison.Ordinal))
            throw new SuiteFailure($"{what}: expected '{part}' in '{text.ReplaceLineEndings(" | ")}'");
    }
}

/// <summary>A case failed. The message has the expected and the actual value.</summary>
internal sealed class SuiteFailure(string message) : Exception(message);

/// <summary>A case cannot be run here, and why.</summary>
internal sealed class SuiteSkip(string reason) : Exception(reason);
