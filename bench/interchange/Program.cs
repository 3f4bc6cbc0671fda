using System.IO.Compression;
using System.Text;

// Writes a large capture made of a small one, again and again at later times: interchange-bench CAPTURE.gz BYTES > FILE
// CAPTURE is a perf.data (also one of a pipe), a trace.dat 6 with one CPU, or a text of tracefs, of this machine's byte order.
byte[] capture;
using (var unpacked = new GZipStream(File.OpenRead(args[0]), CompressionMode.Decompress))
using (var copy = new MemoryStream())
{
    unpacked.CopyTo(copy);
    capture = copy.ToArray();
}
long bytes = long.Parse(args[1]);
using Stream output = Console.OpenStandardOutput();
if (capture.AsSpan().StartsWith("PERFILE2"u8)) Kvmscope.InterchangeBench.PerfCopies.Write(capture, bytes, output);
else if (capture[0] == 0x17) Kvmscope.InterchangeBench.TraceDatCopies.Write(capture, bytes, output);
else Kvmscope.InterchangeBench.TextCopies.Write(Encoding.UTF8.GetString(capture), bytes, output);
