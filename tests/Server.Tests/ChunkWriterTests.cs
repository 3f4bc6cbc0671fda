using System.Buffers;
using CsCheck;
using Kvmscope.Server.Http;

namespace Kvmscope.Server.Tests;

/// <summary>What is written is what was given, wherever chunks end.</summary>
public sealed class ChunkWriterTests
{
    [Fact]
    public void All_pieces_together_are_what_was_written() => Gen.Int[0, 90_000].Array[0, 12].Sample(lengths =>
    {
        using var writer = new ChunkWriter();
        var whole = new List<byte>();
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] bytes = new byte[lengths[i]];
            Array.Fill(bytes, (byte)(i + 1));
            // In one piece, and as BuffersExtensions writes it: in as many as there are.
            if (i % 2 == 0)
            {
                bytes.CopyTo(writer.GetSpan(bytes.Length));
                writer.Advance(bytes.Length);
            }
            else
            {
                writer.Write(bytes);
            }
            whole.AddRange(bytes);
        }
        Assert.Equal(whole.Count, writer.Count);
        Assert.Equal(whole, writer.ToArray());
        Assert.Equal(whole, writer.Chunks.SelectMany(chunk => chunk.ToArray()));
    }, iter: 200);

    [Fact]
    public void More_than_there_is_room_for_is_refused()
    {
        using var writer = new ChunkWriter();
        int room = writer.GetSpan(10).Length;
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(room + 1));
        writer.Dispose();
        Assert.Equal(0, writer.Count);
        Assert.Empty(writer.ToArray());
    }
}
