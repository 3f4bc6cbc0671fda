namespace Kvmscope.Interchange.Text;

/// <summary>Reads a stream line by line without copying; lines that are too long are skipped.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>The longest line in bytes; those of traces have some hundred.</summary>
    internal const int Longest = 1 << 16;

    private readonly byte[] _buffer = new byte[1 << 18];
    private int _begin, _end;
    private bool _isSkipping;

    /// <summary>The number of the line that was read last, from 1.</summary>
    internal long Number { get; private set; }

    /// <summary>How many bytes were read of the stream.</summary>
    internal long Position { get; private set; }

    /// <summary>How many lines were too long.</summary>
    internal long TooLong { get; private set; }

    /// <summary>The next line, without its end; it is valid until the next call.</summary>
    internal bool Read(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            int length = _buffer.AsSpan(_begin, _end - _begin).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _buffer.AsSpan(_begin, length);
                _begin += length + 1;
                Number++;
                if (!_isSkipping && length <= Longest) return true;
                _isSkipping = false;
                TooLong++;
                continue;
            }
            if (Fill()) continue;
            line = _buffer.AsSpan(_begin, _end - _begin);
            _begin = _end;
            if (line.IsEmpty) return false;
            Number++;
            if (!_isSkipping) return true;
            TooLong++;
            return false;
        }
    }

    private bool Fill()
    {
        if (_end - _begin > Longest)
        {
            _isSkipping = true;
            _begin = _end;
        }
        _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
        (_begin, _end) = (0, _end - _begin);
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        Position += read;
        return read > 0;
    }
}
