using System.IO.Compression;
using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>The screens of docs/import.md, of a capture that perf made of the built-in guest.</summary>
public sealed class ImportDocsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Screens_are_real()
    {
        using (var unpacked = new GZipStream(
            File.OpenRead(Path.Combine(DocsBlock.Root, "tests/Interchange.Tests/Captures/svm61-all.data.gz")), CompressionMode.Decompress))
        using (FileStream file = File.Create(Path.Combine(_folder, "perf.data.guest")))
            unpacked.CopyTo(file);
        DocsTests.Compare(Path.Combine("docs", "import.md"), Screen);
    }

    // Its files are in a folder of the test.
    private string Screen(string line)
    {
        string[] words = Assert.Single(ShellWords.Commands(line));
        Outcome outcome = new World().Run(words[1..].Select(
            word => word is "perf.data.guest" or "customer.kvmscope" ? Path.Combine(_folder, word) : word).ToArray());
        return (outcome.Out + outcome.Error).Replace(_folder + "/", "", StringComparison.Ordinal);
    }
}
