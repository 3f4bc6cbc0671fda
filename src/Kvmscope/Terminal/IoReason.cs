namespace Kvmscope.Terminal;

/// <summary>A few words about why a file could not be used.</summary>
internal static class IoReason
{
    private const int Enospc = 28;
    private const int Efbig = 27;
    private const int Edquot = 122;
    private const int Erofs = 30;

    // .NET translates ENOSPC in some places to this (ERROR_DISK_FULL).
    private const int DiskFullHresult = unchecked((int)0x80070070);

    /// <summary>The reason, without the file's name.</summary>
    public static string Of(Exception error) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        DirectoryNotFoundException or FileNotFoundException => "no such directory",
        PathTooLongException => "the name is too long",
        { HResult: Enospc or DiskFullHresult } => "no space left on the device",
        { HResult: Edquot } => "the disk quota is used up",
        { HResult: Efbig } or ArgumentOutOfRangeException => "the file is too large (for 'ulimit -f', or for its file system)",
        { HResult: Erofs } => "the file system is read-only",
        _ => FirstPart(error.Message),
    };

    /// <summary>Whether it is an error of writing to a file: .NET has another type for a file that would be too large.</summary>
    public static bool IsOfWriting(Exception error) => error is IOException or ArgumentOutOfRangeException { ParamName: "value" };

    // .NET's messages end in the path: "Text file busy : '/x'".
    private static string FirstPart(string message)
    {
        int colon = message.IndexOf(" : '", StringComparison.Ordinal);
        return (colon > 0 ? message[..colon] : message).TrimEnd('.');
    }
}
