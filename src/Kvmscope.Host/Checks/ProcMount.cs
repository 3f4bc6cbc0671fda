using Kvmscope.Host.Privileges;

namespace Kvmscope.Host.Checks;

/// <summary>
/// The mount option <c>hidepid</c> of /proc (proc(5); fs/proc/root.c): where it is set, users cannot see what belongs to others, and
/// nothing says how much that is.
/// </summary>
/// <param name="HidePid">Its value, as the kernel shows it: a number up to 5.7, then a word; null where it is not set.</param>
/// <param name="Group">The group that may see everything all the same; 0 where none was given.</param>
internal sealed record ProcMount(string? HidePid, uint Group)
{
    private const string Path = "/proc";

    /// <summary>Reads it of this process's mounts; null where they cannot be read.</summary>
    internal static ProcMount? Read(HostFiles files)
    {
        ProcMount? found = null;
        // 22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw,gid=27,hidepid=invisible; the last one covers those before.
        foreach (string line in (files.Text("proc/self/mountinfo") ?? "").Split('\n'))
        {
            string[] words = line.Split(' ');
            int dash = Array.IndexOf(words, "-");
            if (words.Length < 5 || words[4] != Path || dash < 0 || dash + 3 >= words.Length || words[dash + 1] != "proc") continue;
            string[] options = words[dash + 3].Split(',');
            found = new ProcMount(ValueOf(options, "hidepid="), uint.TryParse(ValueOf(options, "gid="), out uint group) ? group : 0);
        }
        return found;
    }

    /// <summary>Whether a process with these capabilities, whose own files these are, does not see all processes.</summary>
    internal bool HidesFrom(CapabilitySet held, HostFiles files)
    {
        if (HidePid is null || held.Has(Capability.SysPtrace)) return false;
        // Only those who may trace a process see it: the group does not help.
        if (HidePid is "ptraceable" or "4") return true;
        string ids = $"{files.Field("proc/self/status", "Groups")} {files.Field("proc/self/status", "Gid")?.Split('\t')[^1]}";
        return !ids.Split(' ').Any(id => uint.TryParse(id, out uint number) && number == Group);
    }

    private static string? ValueOf(string[] options, string key) =>
        options.FirstOrDefault(option => option.StartsWith(key, StringComparison.Ordinal))?[key.Length..];
}
