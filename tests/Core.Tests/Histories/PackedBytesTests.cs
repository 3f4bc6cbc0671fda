using Kvmscope.Core.Histories.Packing;

namespace Kvmscope.Core.Tests.Histories;

/// <summary>Numbers are read as they were written, in as few bytes as is said; items and chunks are where they should be.</summary>
public sealed class PackedBytesTests
{
    private readonly ChunkPool _pool = new();

    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(0x7fUL, 1)]
    [InlineData(0x80UL, 2)]
    [InlineData(0x3fffUL, 2)]
    [InlineData(0x4000UL, 3)]
    [InlineData(ulong.MaxValue >> 1, 9)]
    [InlineData(ulong.MaxValue, 10)]
    public void A_number_takes_a_byte_for_each_seven_bits(ulong number, int bytes)
    {
        PackedBytes packed = Written(w => w.Number(number));
        Assert.Equal(bytes, packed.Chunk(0).Length);
        var reader = new PackReader(packed);
        Assert.Equal(number, reader.Number());
    }

    [Theory]
    [InlineData(0L, 1)]
    [InlineData(63L, 1)]
    [InlineData(-64L, 1)]
    [InlineData(64L, 2)]
    [InlineData(-65L, 2)]
    [InlineData(long.MaxValue, 10)]
    [InlineData(long.MinValue, 10)]
    public void A_number_near_zero_is_short_in_either_direction(long number, int bytes)
    {
        PackedBytes packed = Written(w => w.Signed(number));
        Assert.Equal(bytes, packed.Chunk(0).Length);
        var reader = new PackReader(packed);
        Assert.Equal(number, reader.Signed());
    }

    [Theory]
    [InlineData(1, 7UL)]
    [InlineData(1, 7UL, 0UL)]
    [InlineData(1, 8UL)]
    [InlineData(2, 8UL, 7UL)]
    [InlineData(2, 63UL, 63UL)]
    [InlineData(2, 64UL)]
    [InlineData(11, ulong.MaxValue)]
    [InlineData(12, ulong.MaxValue, 1UL)]
    public void Nibbles_take_half_a_byte_for_each_three_bits(int bytes, params ulong[] numbers)
    {
        // What follows them begins at a byte of its own.
        PackedBytes packed = Written(w =>
        {
            w.Nibbles(numbers);
            w.Byte(0xa5);
        });
        Assert.Equal(bytes + 1, packed.Chunk(0).Length);
        var reader = new PackReader(packed);
        var read = new ulong[numbers.Length];
        reader.Nibbles(read);
        Assert.Equal(numbers, read);
        Assert.Equal(0xa5, reader.Byte());
    }

    [Fact]
    public void An_item_for_which_a_chunk_has_room_stays_in_it_and_the_next_one_begins_another()
    {
        PackedBytes packed = Written(w =>
        {
            w.BeginItem(ChunkPool.ChunkBytes);
            for (int i = 0; i < ChunkPool.ChunkBytes - 3; i++) w.Byte(1);
            w.BeginItem(3);
            w.Byte(2);
            w.Byte(3);
            w.BeginItem(2);
            w.Byte(4);
        });
        Assert.Equal(2, packed.Chunks);
        Assert.Equal((ChunkPool.ChunkBytes - 1, 1), (packed.Chunk(0).Length, packed.Chunk(1).Length));
        var reader = new PackReader(packed);
        reader.BeginItem();
        for (int i = 0; i < ChunkPool.ChunkBytes - 3; i++) Assert.Equal(1, reader.Byte());
        reader.BeginItem();
        Assert.Equal((2, 3), (reader.Byte(), reader.Byte()));
        reader.BeginItem();
        Assert.Equal(4, reader.Byte());
        // Nothing follows: it stays where it is.
        reader.BeginItem();
        Assert.Equal(2, packed.Chunks);
    }

    [Fact]
    public void A_writer_begins_anew_and_what_was_packed_takes_its_chunks_and_128_bytes()
    {
        var writer = new PackWriter(_pool);
        writer.BeginItem(2);
        writer.Byte(1);
        writer.Byte(2);
        PackedBytes small = writer.ToPacked();
        writer.Byte(3);
        PackedBytes next = writer.ToPacked();
        Assert.Equal([1, 2], small.Chunk(0).ToArray());
        Assert.Equal([3], next.Chunk(0).ToArray());
        Assert.Equal((128 + 36 + 2, 128 + 36 + 1), (small.Bytes, next.Bytes));

        WriteChunks(writer, 2);
        writer.Byte(4);
        PackedBytes large = writer.ToPacked();
        Assert.Equal(3, large.Chunks);
        Assert.Equal(128 + (3 * 36) + (2 * ChunkPool.ChunkBytes) + 1, large.Bytes);
        writer.Byte(5);
        PackedBytes last = writer.ToPacked();
        Assert.Equal(1, last.Chunks);
        Assert.Equal([5], last.Chunk(0).ToArray());
    }

    [Fact]
    public void Chunks_that_are_given_back_are_used_again_and_at_most_32_are_kept()
    {
        Assert.Equal(0, _pool.Bytes);
        var writer = new PackWriter(_pool);
        WriteChunks(writer, 2);
        writer.Byte(1);
        PackedBytes packed = writer.ToPacked();
        packed.GiveBack(_pool);
        // The last one is a copy of its own size.
        Assert.Equal(2 * ChunkPool.ChunkBytes, _pool.Bytes);
        byte[] rented = _pool.Rent();
        Assert.Equal(ChunkPool.ChunkBytes, rented.Length);
        Assert.Equal(ChunkPool.ChunkBytes, _pool.Bytes);
        _pool.Return(rented);
        Assert.Same(rented, _pool.Rent());
        for (int i = 0; i < 40; i++) _pool.Return(new byte[ChunkPool.ChunkBytes]);
        Assert.Equal(32 * ChunkPool.ChunkBytes, _pool.Bytes);
    }

    private static void WriteChunks(PackWriter writer, int chunks)
    {
        // What was begun with is full too; the next item needs another.
        for (int i = 0; i < chunks; i++)
        {
            writer.BeginItem(ChunkPool.ChunkBytes);
            for (int j = 0; j < ChunkPool.ChunkBytes; j++) writer.Byte(9);
        }
        writer.BeginItem(1);
    }

    private PackedBytes Written(Action<PackWriter> write)
    {
        var writer = new PackWriter(_pool);
        write(writer);
        return writer.ToPacked();
    }
}
