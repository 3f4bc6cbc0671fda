using Kvmscope.Tests.Fakes;

namespace Kvmscope.Tests;

/// <summary>What -o must not destroy: the recording that is read, and the former answer if there is no new one.</summary>
public sealed class FormerAnswerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvmscope-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Name(string name) => Path.Combine(_folder, name);

    private string Record(string name)
    {
        var world = new World();
        world.Host = new FakeHost(world.Clock) { Log = world.Log, GrowsEachSecond = true };
        world.End = new FakeEnd(world.Clock, world.Log) { At = TimeSpan.FromSeconds(5) };
        Assert.Equal(0, world.Run("record", "-o", Name(name), "--slower", "1ms").Status);
        return Name(name);
    }

    [Theory]
    [InlineData("report A -o A")]
    [InlineData("report A -o SYMBOLIC")]
    [InlineData("report SYMBOLIC -o A")]
    [InlineData("report A -o HARD")]
    [InlineData("report A -o FOLDER/../FOLDERNAME/a")]
    [InlineData("report A slower -o A")]
    [InlineData("report A --timeline -o A")]
    [InlineData("report A --timeline --format png -o A")]
    [InlineData("diff A B -o A")]
    [InlineData("diff A B -o B")]
    [InlineData("diff A --vm web1 --vm web1 -o A")]
    [InlineData("assert max(exit)<50us A -o A")]
    [InlineData("assert max(exit)<50us A --rules RULES -o A")]
    [InlineData("assert A --rules RULES -o RULES")]
    [InlineData("assert --rules RULES -o RULES")]
    public void Inputs_are_not_overwritten(string line)
    {
        string a = Record("a"), b = Record("b"), symbolic = Name("symbolic"), hard = Name("hard"), rules = Name("rules");
        File.CreateSymbolicLink(symbolic, a);
        System.Diagnostics.Process.Start("ln", [a, hard]).WaitForExit();
        File.WriteAllText(rules, "max(exit)<50us\n");
        string[] files = [a, b, symbolic, hard, rules];
        byte[][] before = [.. files.Select(File.ReadAllBytes)];
        string[] words = [.. line.Split(' ').Select(w => w switch
        {
            "A" => a,
            "B" => b,
            "SYMBOLIC" => symbolic,
            "HARD" => hard,
            "RULES" => rules,
            _ => w.Replace("FOLDERNAME", Path.GetFileName(_folder)).Replace("FOLDER", _folder),
        })];
        var world = new World();

        Outcome outcome = world.Run(words);

        Assert.Equal((2, ""), (outcome.Status, outcome.Out));
        Assert.Contains("would overwrite its own input", outcome.Error);
        Assert.Equal(2, outcome.Error.Count(c => c == '\n'));
        Assert.Equal(before, files.Select(File.ReadAllBytes));
        Assert.Null(world.Host.Asked);
    }

    [Fact]
    public void Other_files_and_devices_are_written()
    {
        string a = Record("a");
        Assert.Equal(0, new World().Run("report", a, "-o", Name("new")).Status);
        File.Copy(a, Name("copy"));
        Assert.Equal(0, new World().Run("report", a, "-o", Name("copy")).Status);
        Assert.Contains("HLT", File.ReadAllText(Name("copy")));
        // A terminal is both read from and written to; so is this.
        Assert.Contains("has no rules", new World().Run("assert", "--rules", "/dev/null", "-o", "/dev/null").Error);
    }

    [Theory]
    [InlineData("report DAMAGED")]
    [InlineData("report DAMAGED count --format json")]
    [InlineData("report DAMAGED hist CPUID --format csv")]
    [InlineData("report DAMAGED slower")]
    [InlineData("report DAMAGED slower --format csv")]
    [InlineData("report DAMAGED --timeline")]
    [InlineData("report DAMAGED --timeline --format svg")]
    [InlineData("diff DAMAGED A")]
    [InlineData("diff A DAMAGED")]
    public void A_report_that_fails_leaves_the_former_answer(string line)
    {
        string a = Record("a"), damaged = Record("damaged"), former = Name("former");
        byte[] bytes = File.ReadAllBytes(damaged);
        // Within the first interval: the header is shorter than what follows it.
        bytes[bytes.Length * 2 / 5] ^= 0x55;
        File.WriteAllBytes(damaged, bytes);
        File.WriteAllText(former, "former");

        Outcome outcome = new World().Run([.. line.Replace("DAMAGED", damaged).Split(' ').Select(w => w == "A" ? a : w), "-o", former]);

        Assert.Equal((1, ""), (outcome.Status, outcome.Out));
        Assert.Contains("damaged", outcome.Error);
        Assert.Equal("former", File.ReadAllText(former));
    }
}
