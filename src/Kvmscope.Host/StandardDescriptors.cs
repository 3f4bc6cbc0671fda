using System.Runtime.InteropServices;
using Kvmscope.Host.Interop;

namespace Kvmscope.Host;

/// <summary>
/// The descriptors 0, 1 and 2. Not through System.Console: it starts the runtime's signal thread at the first write, before privileges
/// are dropped, swallows EPIPE, and ends the process where standard error cannot be written.
/// </summary>
public static class StandardDescriptors
{
    /// <summary>
    /// Called first. Opens those that are closed, so that no file gets their numbers, and with it what is meant for a terminal; writing to
    /// them stays an error. A write beyond a limit of file sizes (ulimit -f) becomes an error too, where SIGXFSZ would end the process.
    /// </summary>
    public static unsafe void Prepare()
    {
        fixed (byte* path = "/dev/null\0"u8)
            for (int descriptor = 0; descriptor <= 2; descriptor++)
                // The lowest number that is free; COMMAND has it closed, as it was given.
                if (Libc.fcntl_get(descriptor, Libc.F_GETFD) < 0) Libc.open_descriptor(path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        Signals.Ignore(Libc.SIGXFSZ);
    }

    /// <summary>Writes to a descriptor; each write is complete, or an <see cref="IOException"/> whose HResult is the errno.</summary>
    /// <param name="descriptor">Its number.</param>
    /// <param name="isQuiet">Whether errors are ignored: there is nobody whom they could be told.</param>
    public static Stream Output(int descriptor, bool isQuiet = false) => new DescriptorStream(descriptor, isQuiet);

    private sealed class DescriptorStream(int descriptor, bool isQuiet) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override unsafe void Write(ReadOnlySpan<byte> buffer)
        {
            fixed (byte* start = buffer)
            {
                for (int done = 0; done < buffer.Length;)
                {
                    nint written = Libc.write(descriptor, start + done, (nuint)(buffer.Length - done));
                    if (written >= 0)
                    {
                        done += (int)written;
                        continue;
                    }
                    int error = Marshal.GetLastPInvokeError();
                    if (error == Errno.EAGAIN) WaitForRoom();
                    else if (error != Errno.EINTR)
                    {
                        if (isQuiet) return;
                        throw new IOException(Errno.Text(error), error);
                    }
                }
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        // Another process may have made the pipe or terminal non-blocking.
        private unsafe void WaitForRoom()
        {
            var wanted = new Libc.pollfd { fd = descriptor, events = Libc.POLLOUT };
            _ = Libc.poll(&wanted, 1, -1);
        }
    }
}
