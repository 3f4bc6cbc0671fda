using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Kvmscope.Core.Exits;
using Kvmscope.Core.Selections;

namespace Kvmscope.Core.Recordings;

/// <summary>Which exits a recording has, in its header.</summary>
internal static class SelectionJson
{
    // Left out if it is empty.
    internal static void Write(Utf8JsonWriter json, Selection selection)
    {
        if (selection is { HasAllExits: true, Vms.IsEmpty: true, Vcpus.IsEmpty: true }) return;
        json.WriteStartObject("selection");
        WriteTexts(json, "vms", selection.Vms);
        if (!selection.Vcpus.IsEmpty)
        {
            json.WriteStartArray("vcpus");
            foreach (int id in selection.Vcpus) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        WriteTexts(json, "reasons", selection.Reasons);
        WriteTexts(json, "excluded_reasons", selection.ExcludedReasons);
        if (selection.Level is { } level) json.WriteNumber("level", (int)level);
        json.WriteEndObject();
    }

    internal static Selection Read(ref Utf8JsonReader json)
    {
        var selection = new Selection();
        JsonWalk.Expect(ref json, JsonTokenType.StartObject);
        while (JsonWalk.Member(ref json))
        {
            string name = json.GetString()!;
            selection = name switch
            {
                "vms" => selection with { Vms = Texts(ref json) },
                "vcpus" => selection with { Vcpus = Numbers(ref json) },
                "reasons" => selection with { Reasons = Texts(ref json) },
                "excluded_reasons" => selection with { ExcludedReasons = Texts(ref json) },
                "level" => selection with { Level = LevelOf(JsonWalk.Int(ref json)) },
                _ => Pass(ref json, selection),
            };
        }
        return selection;
    }

    /// <summary>
    /// Reads what 0.1 wrote before it had fields: an array of options with their values, such as <c>--vcpu 0,2</c>. The version of the
    /// format did not change, as no program that writes or reads this was released.
    /// </summary>
    internal static Selection ReadWords(ref Utf8JsonReader json)
    {
        const string vm = "--vm ";
        ImmutableArray<string> all = Texts(ref json);
        var selection = new Selection { Vms = [.. all.Where(w => w.StartsWith(vm, StringComparison.Ordinal)).Select(w => w[vm.Length..])] };
        foreach (string words in all)
        {
            int blank = words.IndexOf(' ', StringComparison.Ordinal);
            (string option, string value) = blank < 0 ? (words, "") : (words[..blank], words[(blank + 1)..]);
            selection = option switch
            {
                "--vcpu" => selection with { Vcpus = [.. value.Split(',').Select(ParseVcpu).OfType<int>()] },
                "--reason" => selection with { Reasons = [.. value.Split(',')] },
                "--exclude" => selection with { ExcludedReasons = [.. value.Split(',')] },
                "--level" => selection with { Level = value switch { "l1" => ExitLevel.L1, "l2" => ExitLevel.L2, _ => null } },
                _ => selection,
            };
        }
        return selection;
    }

    private static int? ParseVcpu(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;

    private static ExitLevel? LevelOf(int level) => level switch { 1 => ExitLevel.L1, 2 => ExitLevel.L2, _ => null };

    private static Selection Pass(ref Utf8JsonReader json, Selection selection)
    {
        JsonWalk.Skip(ref json);
        return selection;
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, ImmutableArray<string> texts)
    {
        if (texts.IsEmpty) return;
        json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static ImmutableArray<string> Texts(ref Utf8JsonReader json)
    {
        var texts = ImmutableArray.CreateBuilder<string>();
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Next(ref json, JsonTokenType.String)) texts.Add(json.GetString()!);
        return texts.ToImmutable();
    }

    private static ImmutableArray<int> Numbers(ref Utf8JsonReader json)
    {
        var numbers = ImmutableArray.CreateBuilder<int>();
        JsonWalk.Expect(ref json, JsonTokenType.StartArray);
        while (JsonWalk.Next(ref json, JsonTokenType.Number))
            numbers.Add(json.TryGetInt32(out int number) ? number : throw new JsonException("not a whole number of 32 bits"));
        return numbers.ToImmutable();
    }
}
