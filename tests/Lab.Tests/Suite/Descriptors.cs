namespace Kvmscope.Lab.Tests.Suite;

/// <summary>The open descriptors of a process.</summary>
internal static class Descriptors
{
    /// <summary>What each of them refers to; one that was closed since it was listed refers to nothing.</summary>
    internal static string[] Of(int pid) =>
        [.. new DirectoryInfo($"/proc/{pid}/fd").GetFileSystemInfos().Select(link => link.LinkTarget).OfType<string>().Order()];

    /// <summary>
    /// Waits until as many are open as before: a file of /proc, or the recording that is being renamed, is open for a moment. One that
    /// leaked stays.
    /// </summary>
    internal static void UntilFrom(int pid, string[] before)
    {
        string[] now = [];
        Deadline.Until(
            () => (now = Of(pid)).Length <= before.Length,
            () => $"descriptors: {before.Length} before, {now.Length} now ({string.Join(", ", now)})");
    }
}
