using System.Text;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// Bytes as they come, read as whole RESP values. Deliberately simple, and nothing of the product's: it is the other opinion.
/// </summary>
internal sealed class RespText
{
    private byte[] _bytes = new byte[512];
    private int _start;
    private int _end;

    public bool IsEmpty => _start == _end;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_end + bytes.Length > _bytes.Length)
        {
            int length = _end - _start;
            byte[] larger = length + bytes.Length > _bytes.Length ? new byte[(length + bytes.Length) * 2] : _bytes;
            _bytes.AsSpan(_start, length).CopyTo(larger);
            _bytes = larger;
            (_start, _end) = (0, length);
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>The next value as it was said; null while it is not complete.</summary>
    public string? TakeValue()
    {
        int end = EndOfValue(_start);
        if (end < 0)
        {
            return null;
        }

        string value = Encoding.Latin1.GetString(_bytes, _start, end - _start);
        _start = end;
        return value;
    }

    /// <summary>The next request's arguments, of which an empty line has none; null while it is not complete.</summary>
    public string[]? TakeRequest()
    {
        if (_start < _end && _bytes[_start] != '*')
        {
            return TakeInlineRequest();
        }

        int end = EndOfValue(_start);
        if (end < 0)
        {
            return null;
        }

        int at = _start;
        var arguments = new string[NumberAt(ref at)];
        for (int i = 0; i < arguments.Length; i++)
        {
            int length = NumberAt(ref at);
            arguments[i] = Encoding.Latin1.GetString(_bytes, at, length);
            at += length + 2;
        }

        _start = end;
        return arguments;
    }

    private string[]? TakeInlineRequest()
    {
        int length = _bytes.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (length < 0)
        {
            return null;
        }

        string line = Encoding.Latin1.GetString(_bytes, _start, length);
        _start += length + 1;
        return line.Split([' ', '\r'], StringSplitOptions.RemoveEmptyEntries);
    }

    private int EndOfValue(int at)
    {
        int lineEnd = LineEnd(at);
        if (lineEnd < 0)
        {
            return -1;
        }

        byte kind = _bytes[at];
        if (kind is not ((byte)'$' or (byte)'*' or (byte)'%' or (byte)'~' or (byte)'>' or (byte)'='))
        {
            return lineEnd;
        }

        int number = NumberAt(ref at);
        if (kind is (byte)'$' or (byte)'=')
        {
            int end = number < 0 ? at : at + number + 2;
            return end <= _end ? end : -1;
        }

        for (int left = kind == '%' ? number * 2 : number; left > 0 && at >= 0; left--)
        {
            at = EndOfValue(at);
        }

        return at;
    }

    private int LineEnd(int at)
    {
        int length = _bytes.AsSpan(at, _end - at).IndexOf("\r\n"u8);
        return length < 0 ? -1 : at + length + 2;
    }

    private int NumberAt(ref int at)
    {
        bool isNegative = _bytes[at + 1] == '-';
        int number = 0;
        for (at += isNegative ? 2 : 1; _bytes[at] != '\r'; at++)
        {
            number = (number * 10) + _bytes[at] - '0';
        }

        at += 2;
        return isNegative ? -number : number;
    }
}
