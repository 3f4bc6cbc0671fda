using Kvmscope.Core;

namespace Kvmscope.Running;

/// <summary>Finds a program as a shell does; .NET would first search the folder of its own executable and the working directory.</summary>
internal static class ProgramPath
{
    private const ExitStatus NotFoundStatus = (ExitStatus)127;
    private const ExitStatus NotExecutableStatus = (ExitStatus)126;
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The path of the program.</summary>
    /// <param name="name">A path if it has a slash, otherwise a name that is looked up in PATH.</param>
    /// <exception cref="KvmscopeException">Not found (127) or not executable (126), as a shell says.</exception>
    public static string Find(string name)
    {
        bool isPath = name.Contains('/');
        string? refused = null;
        foreach (string path in isPath ? [name] : Candidates(name))
        {
            if (!File.Exists(path)) continue;
            if ((File.GetUnixFileMode(path) & AnyExecute) != 0) return Path.GetFullPath(path);
            refused ??= path;
        }
        if (refused is not null || (isPath && Directory.Exists(name))) throw NotExecutable(name, null);
        throw new KvmscopeException(NotFoundStatus, $"command not found: {name}",
            isPath ? "There is no such file." : "It is not in any directory of PATH.");
    }

    /// <summary>The command exists but cannot be executed.</summary>
    public static KvmscopeException NotExecutable(string name, Exception? inner) =>
        new(NotExecutableStatus, $"cannot execute {name}{(inner is null ? "" : $": {inner.Message}")}",
            "Check that it is a program and that you may execute it.", inner);

    private static IEnumerable<string> Candidates(string name) => name.Length == 0
        ? []
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").Split(':')
            .Select(d => Path.Combine(d.Length == 0 ? "." : d, name));
}
