using System.Text.Json;

namespace Kvmscope.Core.Recordings;

/// <summary>Steps through JSON that may be invalid: whatever is not as expected is a <see cref="JsonException"/>.</summary>
internal static class JsonWalk
{
    /// <summary>Reads the next token, which must be this one.</summary>
    internal static void Expect(ref Utf8JsonReader json, JsonTokenType token)
    {
        if (!json.Read() || json.TokenType != token) throw Unexpected(token);
    }

    /// <summary>The next member's name; false at the end of the object.</summary>
    internal static bool Member(ref Utf8JsonReader json) => NextOrEnd(ref json, JsonTokenType.PropertyName, JsonTokenType.EndObject);

    /// <summary>The start of the next object of an array; false at the end of the array.</summary>
    internal static bool Element(ref Utf8JsonReader json) => Next(ref json, JsonTokenType.StartObject);

    /// <summary>The next element of an array, of this kind; false at its end.</summary>
    internal static bool Next(ref Utf8JsonReader json, JsonTokenType token) => NextOrEnd(ref json, token, JsonTokenType.EndArray);

    internal static ulong Number(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.Number);
        return json.TryGetUInt64(out ulong value) ? value : throw new JsonException("not a whole number of 64 bits");
    }

    internal static long Long(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.Number);
        return json.TryGetInt64(out long value) ? value : throw new JsonException("not a whole number of 64 bits");
    }

    internal static int Int(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.Number);
        return json.TryGetInt32(out int value) ? value : throw new JsonException("not a whole number of 32 bits");
    }

    internal static bool Bool(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType is not (JsonTokenType.True or JsonTokenType.False)) throw Unexpected(JsonTokenType.True);
        return json.TokenType == JsonTokenType.True;
    }

    internal static string Text(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String);
        return json.ValueSpan.Length <= RecordingLimits.TextBytes ? json.GetString()! : throw new JsonException("a text is too long");
    }

    internal static DateTimeOffset Time(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String);
        return json.TryGetDateTimeOffset(out DateTimeOffset time) ? time : throw new JsonException("not a time");
    }

    /// <summary>Skips a value; always true.</summary>
    internal static bool Skip(ref Utf8JsonReader json)
    {
        if (!json.Read()) throw Unexpected(JsonTokenType.None);
        json.Skip();
        return true;
    }

    private static bool NextOrEnd(ref Utf8JsonReader json, JsonTokenType token, JsonTokenType end)
    {
        if (!json.Read()) throw Unexpected(token);
        if (json.TokenType == end) return false;
        return json.TokenType == token ? true : throw Unexpected(token);
    }

    private static JsonException Unexpected(JsonTokenType token) => new($"expected {token}");
}
