namespace Kvmscope.Host.Tests.Privileges;

/// <summary>A test that only root can run; elsewhere it is skipped, with the reason.</summary>
public sealed class PrivilegedFactAttribute : FactAttribute
{
    public PrivilegedFactAttribute(string? tool = null)
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
        else if (tool is not null && !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Join(folder, tool))))
            Skip = $"needs {tool}";
    }
}
