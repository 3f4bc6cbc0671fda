using Kvmscope.Core;

namespace Kvmscope.CommandLine;

/// <summary>Makes errors of status 2.</summary>
internal static class UsageError
{
    /// <summary>The command line is wrong.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="hint">What to type instead.</param>
    public static KvmscopeException Of(string message, string? hint) => new(ExitStatus.Usage, message, hint);

    /// <summary>Something that is asked for is not there.</summary>
    /// <param name="message">What is not there.</param>
    /// <param name="hint">What is there.</param>
    public static KvmscopeException Absent(string message, string? hint) => new(ExitStatus.Usage, message, hint) { IsAbsence = true };

    /// <summary>A word that is not one of the allowed ones.</summary>
    /// <param name="option">The option.</param>
    /// <param name="text">The word.</param>
    /// <param name="known">The allowed words.</param>
    public static KvmscopeException NotOneOf(string option, string text, IReadOnlyList<string> known) =>
        Of($"{option} '{text}' is not known", $"Give {WordList.Or(known)}.");
}
