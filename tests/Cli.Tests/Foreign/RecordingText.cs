using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Tests.Foreign;

/// <summary>The lines of a recording, to write them again with other text in their strings.</summary>
internal sealed class RecordingText
{
    private readonly List<(MemberHead Head, string Line)> _members = [];

    public static RecordingText Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var text = new RecordingText();
        for (int at = 0; at < bytes.Length;)
        {
            Assert.True(MemberHead.TryRead(bytes.AsSpan(at), out MemberHead head));
            using var member = new GZipStream(new MemoryStream(bytes, at, head.Length), CompressionMode.Decompress);
            using var reader = new StreamReader(member);
            text._members.Add((head, reader.ReadToEnd()));
            at += head.Length;
        }
        return text;
    }

    /// <summary>Where strings are: the names of the members on the way, without the numbers of elements.</summary>
    public IReadOnlyList<string> Strings()
    {
        var places = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((_, string line) in _members)
            Visit(JsonNode.Parse(line)!, "", (place, _) =>
            {
                places.Add(place);
                return null;
            });
        return [.. places];
    }

    /// <summary>Whether any text is allowed there, so that the recording can still be read.</summary>
    public static bool IsFree(string place) => place is not ("kind" or "format" or "isa" or "started" or "from" or "to" or "by"
        or "selection.reasons" or "selection.excluded_reasons") && !place.EndsWith(".isa", StringComparison.Ordinal)
        && !place.EndsWith(".at", StringComparison.Ordinal) && !place.EndsWith(".time", StringComparison.Ordinal)
        && place is not ("rows.page" or "rows.rip" or "slow.rip" or "open_ages.page" or "open_ages.rip");

    /// <summary>Writes it with the canary in the chosen strings.</summary>
    public void Write(string path, Func<string, bool> isChosen, Action<JsonObject>? change = null)
    {
        using FileStream file = File.Create(path);
        foreach ((MemberHead head, string line) in _members)
        {
            JsonNode json = JsonNode.Parse(line)!;
            Visit(json, "", (place, _) => isChosen(place) ? Canary.Text : null);
            if (head.Kind == MemberKind.Header) change?.Invoke(json.AsObject());
            file.Write(Member(head, Encoding.UTF8.GetBytes(json.ToJsonString() + "\n")));
        }
    }

    private static byte[] Member(MemberHead head, byte[] line)
    {
        var body = new MemoryStream();
        using (var deflate = new DeflateStream(body, CompressionLevel.Fastest, leaveOpen: true)) deflate.Write(line);
        byte[] bytes = new byte[MemberHead.Size + body.Length + MemberHead.TrailerSize];
        (head with { Length = bytes.Length }).Write(bytes);
        body.ToArray().CopyTo(bytes, MemberHead.Size);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 8), Crc32.HashToUInt32(line));
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), line.Length);
        return bytes;
    }

    private static void Visit(JsonNode node, string place, Func<string, string, string?> change)
    {
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? value) in members.ToArray())
                Each(value, place.Length == 0 ? name : $"{place}.{name}", made => members[name] = made, change);
        }
        else if (node is JsonArray elements)
        {
            for (int i = 0; i < elements.Count; i++)
            {
                int at = i;
                Each(elements[i], place, made => elements[at] = made, change);
            }
        }
    }

    private static void Each(JsonNode? value, string place, Action<string> set, Func<string, string, string?> change)
    {
        if (value is JsonValue one && one.TryGetValue(out string? text))
        {
            if (change(place, text) is { } made) set(made);
        }
        else if (value is not null)
        {
            Visit(value, place, change);
        }
    }
}
