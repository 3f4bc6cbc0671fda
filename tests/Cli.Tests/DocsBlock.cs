using System.Globalization;
using System.Runtime.CompilerServices;

namespace Kvmscope.Tests;

/// <summary>One code block of a page of the documentation.</summary>
/// <param name="Page">The page's path in the repository.</param>
/// <param name="Line">The number of its first line of text, from 1.</param>
/// <param name="Info">The words after the opening fence; null for an indented block.</param>
/// <param name="Lines">Its text, without indentation.</param>
internal sealed record DocsBlock(string Page, int Line, string? Info, IReadOnlyList<string> Lines)
{
    private const string Fence = "```", Indent = "    ";

    /// <summary>Where it is, as editors take it.</summary>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{Page}:{Line}");

    /// <summary>Its kind: the first word after the fence.</summary>
    public string Kind => Info?.Split(' ')[0] ?? "";

    /// <summary>Whether it says that it is not made by a test.</summary>
    public bool IsIllustration => Info is not null && Info.Split(' ')[1..].Contains("illustration");

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    /// <summary>All pages for readers, as paths in the repository.</summary>
    public static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Root, p)).Concat(["README.md", "CONTRIBUTING.md", "bench/README.md"]).Order();

    /// <summary>The blocks of a page, in order.</summary>
    public static IReadOnlyList<DocsBlock> Of(string page) => Of(page, File.ReadAllLines(Path.Combine(Root, page)));

    /// <summary>The blocks of a text.</summary>
    public static IReadOnlyList<DocsBlock> Of(string page, string[] lines)
    {
        List<DocsBlock> blocks = [];
        for (int at = 0; at < lines.Length; at++)
        {
            bool isFenced = lines[at].StartsWith(Fence, StringComparison.Ordinal);
            if (!isFenced && !(IsIndented(lines[at]) && (at == 0 || lines[at - 1].Length == 0))) continue;
            int begin = isFenced ? at + 1 : at, end = isFenced ? Array.IndexOf(lines, Fence, begin) : EndOfIndented(lines, begin);
            if (end < 0) throw new InvalidDataException($"{page}:{at + 1}: the block has no end");
            string[] text = [.. lines[begin..end].Select(l => isFenced || l.Length == 0 ? l : l[Indent.Length..])];
            blocks.Add(new DocsBlock(page, begin + 1, isFenced ? lines[at][Fence.Length..] : null, text));
            at = end;
        }
        return blocks;
    }

    private static bool IsIndented(string line) => line.StartsWith(Indent, StringComparison.Ordinal);

    // Blank lines belong to it if it goes on after them.
    private static int EndOfIndented(string[] lines, int begin)
    {
        int end = begin;
        for (int at = begin; at < lines.Length && (lines[at].Length == 0 || IsIndented(lines[at])); at++)
            if (lines[at].Length > 0) end = at + 1;
        return end;
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
