using CsCheck;

namespace Kvmscope.Host.Tests;

/// <summary>Generates one of a few words, so that a parser meets its keywords more often than in random bytes.</summary>
internal static class Words
{
    public static Gen<string> Of(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);
}
