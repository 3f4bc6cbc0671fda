namespace Kvmscope.Core.Recordings;

/// <summary>Makes the errors about recordings.</summary>
internal static class RecordingError
{
    /// <summary>The file is no recording.</summary>
    internal static KvmscopeException NotOne(string name, string what) =>
        new(ExitStatus.Usage, $"'{name}' is no recording of kvmscope: {what}", "Recordings are made with 'kvmscope record'.");

    /// <summary>The file is a recording, but a part that is needed is damaged.</summary>
    internal static KvmscopeException Damaged(string name, string where, string mend) =>
        new(ExitStatus.Failed, $"the recording '{name}' is damaged {where}", mend);
}
