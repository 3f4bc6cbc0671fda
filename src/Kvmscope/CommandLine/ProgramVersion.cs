using System.Reflection;

namespace Kvmscope.CommandLine;

/// <summary>The program's version.</summary>
internal static class ProgramVersion
{
    /// <summary>As set in Directory.Build.props.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
