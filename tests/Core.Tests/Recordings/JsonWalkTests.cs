using System.Text;
using System.Text.Json;
using Kvmscope.Core.Recordings;

namespace Kvmscope.Core.Tests.Recordings;

/// <summary>Values of a recording's JSON: what is not as expected is refused where it is, in words.</summary>
public sealed class JsonWalkTests
{
    private delegate T Read<T>(ref Utf8JsonReader json);

    [Fact]
    public void Numbers_are_whole_and_within_their_bits()
    {
        Assert.Equal(ulong.MaxValue, Of("18446744073709551615", JsonWalk.Number));
        Assert.Equal("not a whole number of 64 bits", Refuses("18446744073709551616", JsonWalk.Number));
        Assert.Equal("not a whole number of 64 bits", Refuses("1.5", JsonWalk.Number));
        Assert.Equal(long.MinValue, Of("-9223372036854775808", JsonWalk.Long));
        Assert.Equal("not a whole number of 64 bits", Refuses("9223372036854775808", JsonWalk.Long));
        Assert.Equal(int.MaxValue, Of("2147483647", JsonWalk.Int));
        Assert.Equal("not a whole number of 32 bits", Refuses("2147483648", JsonWalk.Int));
        Assert.Equal("expected Number", Refuses("\"5\"", JsonWalk.Number));
        Assert.Equal("expected Number", Refuses("null", JsonWalk.Long));
    }

    [Fact]
    public void Other_values_are_of_their_kind()
    {
        Assert.True(Of("true", JsonWalk.Bool));
        Assert.False(Of("false", JsonWalk.Bool));
        Assert.Equal("expected True", Refuses("1", JsonWalk.Bool));
        Assert.Equal("expected True", Refuses("null", JsonWalk.Bool));
        Assert.Equal(Sample.Started, Of("\"2026-03-01T12:34:56Z\"", JsonWalk.Time));
        Assert.Equal("not a time", Refuses("\"yesterday\"", JsonWalk.Time));
        Assert.Equal("expected String", Refuses("7", JsonWalk.Time));
    }

    [Fact]
    public void A_text_has_at_most_so_many_bytes()
    {
        string most = new('x', RecordingLimits.TextBytes);
        Assert.Equal(most, Of($"\"{most}\"", JsonWalk.Text));
        Assert.Equal("a text is too long", Refuses($"\"{most}x\"", JsonWalk.Text));
    }

    [Fact]
    public void An_array_has_elements_of_one_kind()
    {
        Assert.Equal((true, false), Of("[1]", (ref Utf8JsonReader json) =>
        {
            JsonWalk.Expect(ref json, JsonTokenType.StartArray);
            return (JsonWalk.Next(ref json, JsonTokenType.Number), JsonWalk.Next(ref json, JsonTokenType.Number));
        }));
        Assert.Equal("expected StartObject", Refuses("[1]", (ref Utf8JsonReader json) =>
        {
            JsonWalk.Expect(ref json, JsonTokenType.StartArray);
            return JsonWalk.Element(ref json);
        }));
        Assert.Equal("expected StartArray", Refuses("{}", (ref Utf8JsonReader json) =>
        {
            JsonWalk.Expect(ref json, JsonTokenType.StartArray);
            return true;
        }));
    }

    [Fact]
    public void After_the_end_nothing_is_read()
    {
        Assert.Equal("expected Number", Refuses("1", (ref Utf8JsonReader json) => JsonWalk.Number(ref json) + JsonWalk.Number(ref json)));
        Assert.Equal("expected True", Refuses("true", (ref Utf8JsonReader json) => JsonWalk.Bool(ref json) & JsonWalk.Bool(ref json)));
        Assert.Equal("expected None", Refuses("1", (ref Utf8JsonReader json) => JsonWalk.Skip(ref json) && JsonWalk.Skip(ref json)));
        Assert.Equal("expected PropertyName",
            Refuses("1", (ref Utf8JsonReader json) => JsonWalk.Skip(ref json) && JsonWalk.Member(ref json)));
    }

    private static T Of<T>(string text, Read<T> read)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        return read(ref json);
    }

    private static string Refuses<T>(string text, Read<T> read) => Assert.ThrowsAny<JsonException>(() => Of(text, read)).Message;
}
