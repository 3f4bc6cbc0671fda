namespace Kvmscope.Core.Tests;

internal static class ErrorText
{
    /// <summary>The message with the lines below it, as the program shows them.</summary>
    internal static string Shown(this KvmscopeException error) => string.Join("\n  ", error.Lines.Prepend(error.Message));
}
