using System.IO.Compression;

namespace Kvmscope.CommandLine;

/// <summary>The licences of what the program contains: what packaging/licences/notices prints, compressed into the program.</summary>
internal static class Licences
{
    /// <summary>Writes them.</summary>
    internal static void Write(TextWriter output)
    {
        using Stream stream = typeof(Licences).Assembly.GetManifestResourceStream("notices.gz")
            ?? throw new InvalidOperationException("notices.gz is not in the program");
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line) output.WriteLine(line);
    }
}
