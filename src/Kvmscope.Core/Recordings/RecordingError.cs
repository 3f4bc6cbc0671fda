using System.Globalization;

namespace Kvmscope.Core.Recordings;

/// <summary>Makes the errors about recordings.</summary>
internal static class RecordingError
{
    /// <summary>The file is not a recording.</summary>
    internal static KvmscopeException NotOne(string name, string what) =>
        new(ExitStatus.Usage, $"'{name}' is not a kvmscope recording: {what}", "Recordings are made with 'kvmscope record'.");

    /// <summary>The file is a recording, but a part that is needed is damaged.</summary>
    internal static KvmscopeException Damaged(string name, string where, string hint) =>
        new(ExitStatus.Failed, $"the recording '{name}' is damaged {where}", hint);

    /// <summary>The file has several recordings, as 'cat' makes it.</summary>
    internal static KvmscopeException MoreThanOne(string name, long at) => new(ExitStatus.Usage,
        string.Create(CultureInfo.InvariantCulture, $"'{name}' is more than one recording: another begins at byte {at}"),
        string.Create(CultureInfo.InvariantCulture, $"Split them: 'head -c {at}' gives what is before, 'tail -c +{at + 1}' the rest."));

    /// <summary>The file lost what it had when it was first looked at.</summary>
    internal static KvmscopeException Shortened(string name) => new(ExitStatus.Failed,
        $"the recording '{name}' became shorter while it was read", "Somebody else writes to it: look at it again.");

    /// <summary>The file was opened, but reading it failed.</summary>
    internal static KvmscopeException Unreadable(string name, IOException error) =>
        new(ExitStatus.Failed, $"cannot read the recording '{name}': {error.Message}",
            "The disk or the network may be at fault; try a copy of the file.", error);
}
