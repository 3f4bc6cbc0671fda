using System.Runtime.CompilerServices;
using Kvmscope.Core.Output.Text;

namespace Kvmscope.Core.Tests;

/// <summary>
/// Whole screens against the files in Golden/. <c>KVMSCOPE_GOLDEN=write dotnet test</c> rewrites them: read the diff before you commit it.
/// </summary>
internal static class Golden
{
    internal static void Check(string name, string actual, [CallerFilePath] string here = "")
    {
        if (Environment.GetEnvironmentVariable("KVMSCOPE_GOLDEN") == "write")
        {
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(here)!, "Golden", name + ".txt"), actual);
            return;
        }
        Assert.Equal(Resource.Read("Golden/" + name + ".txt"), actual);
    }

    internal static void FitsIn(int width, string text)
    {
        foreach (string line in text.Split('\n'))
            Assert.True(TextWidth.Of(line) <= width, $"{TextWidth.Of(line)} columns, not {width}: {line}");
    }
}
