using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Kvmscope.Terminal;

/// <summary>This process's standard output as a writer that is fast and reports errors.</summary>
internal static class StandardStreams
{
    /// <summary>Opens standard output; nothing is written before a flush.</summary>
    public static TextWriter Output() =>
        new StreamWriter(new OutputStream(Raw(), "standard output"), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    private static Stream Raw()
    {
        // Console's stream swallows EPIPE, so that 'slower | head' would run on; FileStream reports it. But FileStream writes
        // to files at an offset of its own and leaves the shared one behind, so that in '(kvmscope …; echo) > file' the
        // second writer would overwrite the first: files go through Console, which reports all that can happen there.
        var handle = new SafeFileHandle(1, ownsHandle: false);
        try
        {
            var stream = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek) return stream;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // Closed (>&-) or not for writing: Console discards what is written, as other programs' failed writes do.
        }
        return Console.OpenStandardOutput();
    }
}
