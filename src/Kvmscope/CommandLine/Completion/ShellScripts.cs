namespace Kvmscope.CommandLine.Completion;

/// <summary>The scripts that let a shell ask <c>kvmscope complete</c>.</summary>
internal static class ShellScripts
{
    /// <summary>Which shell gives words with their quotes.</summary>
    internal const string Bash = "bash";

    /// <summary>The shells that there is a script for.</summary>
    internal static IReadOnlyList<string> Shells { get; } = [Bash, "zsh", "fish"];

    /// <summary>The script for one of <see cref="Shells"/>.</summary>
    internal static string Of(string shell)
    {
        string name = $"kvmscope.{shell}";
        using Stream stream = typeof(ShellScripts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not in the program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
