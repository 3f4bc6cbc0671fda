using System.Xml;
using CsCheck;
using Kvmscope.Core.Output.Charts;

namespace Kvmscope.Core.Tests;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("web-1", "web-1")]
    [InlineData("Bücher 日本 😀", "Bücher 日本 😀")]
    [InlineData("a\e[2J\nb\u009b\u0000", "a?[2J?b??")]
    [InlineData("a\u202eb\u2066c\u200bd", "a?b?c?d")]
    public void What_cannot_be_seen_is_not_shown(string text, string expected) => Assert.Equal(expected, PlainText.Clean(text));

    [Fact]
    public void What_is_no_character_is_not_shown() => Assert.Equal("a?b???", PlainText.Clean("a\ud800b\udc00\ufffe\uffff"));

    [Theory]
    [InlineData("web-1", 5, "web-1")]
    [InlineData("web-12", 5, "web-…")]
    [InlineData("abc😀def", 5, "abc…")]
    [InlineData("abc", 0, "…")]
    public void Long_text_is_cut(string text, int most, string expected) => Assert.Equal(expected, PlainText.Clean(text, most));

    [Fact]
    public void All_text_can_be_in_XML() => AnyText.Of(40).Sample(text =>
    {
        foreach (char c in PlainText.Clean(text)) Assert.True(XmlConvert.IsXmlChar(c) || char.IsSurrogate(c));
        var xml = new XmlDocument();
        xml.LoadXml($"<a b=\"{PlainText.Escape(text)}\">{PlainText.Escape(text)}</a>");
        Assert.Equal(PlainText.Clean(text), xml.DocumentElement!.InnerText);
        Assert.Equal(PlainText.Clean(text), xml.DocumentElement.GetAttribute("b"));
    });

    [Fact]
    public void The_font_has_all_of_ASCII_and_some_more()
    {
        for (char c = ' '; c <= '~'; c++)
            foreach (bool bold in (bool[])[false, true])
            {
                Assert.Equal(c != ' ', BitmapFont.Lines(c, bold).ContainsAnyExcept((byte)0));
                // No dot beyond the 7 that a character is wide.
                foreach (byte line in BitmapFont.Lines(c, bold)) Assert.Equal(0, line & 1);
                if (c != '?') Assert.False(BitmapFont.Lines(c, bold).SequenceEqual(BitmapFont.Lines('?', bold)));
            }
        Assert.All("µü×…", c => Assert.False(BitmapFont.Lines(c, false).SequenceEqual(BitmapFont.Lines('?', false))));
        Assert.True(BitmapFont.Lines('日', false).SequenceEqual(BitmapFont.Lines('?', false)));
        // As it is drawn, so that a font that was read the wrong way round is seen.
        Assert.Equal([0, 0, 0xfc, 0x80, 0x80, 0x80, 0xf0, 0x80, 0x80, 0x80, 0xfc, 0, 0], BitmapFont.Lines('E', false).ToArray());
    }
}
