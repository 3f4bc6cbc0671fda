namespace Kvmscope.Core.Tests;

/// <summary>Files embedded in the test assembly.</summary>
internal static class Resource
{
    internal static string Read(string name)
    {
        using Stream stream = typeof(Resource).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
