using CsCheck;

namespace Kvmscope.Host.Tests;

/// <summary>Generates one of a few words, so that a parser meets what it looks for more often than random bytes would.</summary>
internal static class Words
{
    public static Gen<string> Of(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);
}
