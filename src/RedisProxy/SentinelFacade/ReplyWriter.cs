using System.Buffers;
using System.Globalization;
using System.Text;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// Writes replies in the formats of redis: RESP3's own types (map, set, push, null, verbatim text) are used once the client has
/// requested RESP3 by HELLO (github.com/redis/redis-specifications, RESP3.md).
/// </summary>
internal sealed class ReplyWriter
{
    private const int KeptBytes = 16 * 1024;

    private ArrayBufferWriter<byte> _output = new();

    /// <summary>Bytes written but not taken.</summary>
    public int Length => _output.WrittenCount;

    /// <summary>2 or 3.</summary>
    public int Protocol { get; set; } = 2;

    private bool IsResp3 => Protocol == 3;

    /// <summary>The bytes written since the last call.</summary>
    public byte[] Take()
    {
        byte[] taken = _output.WrittenSpan.ToArray();
        if (_output.Capacity > KeptBytes)
        {
            _output = new ArrayBufferWriter<byte>();
        }
        else
        {
            _output.ResetWrittenCount();
        }

        return taken;
    }

    public void Status(string text) => Line('+', text);

    /// <param name="text">Beginning with the code. Line breaks become blanks, as in redis.</param>
    public void Error(string text) => Line('-', text.Replace('\r', ' ').Replace('\n', ' '));

    public void Integer(long number) => Line(':', number.ToString(CultureInfo.InvariantCulture));

    public void Bulk(string text) => Bulk(Encoding.UTF8.GetBytes(text));

    public void Bulk(ReadOnlySpan<byte> bytes)
    {
        Header('$', bytes.Length);
        _output.Write(bytes);
        _output.Write("\r\n"u8);
    }

    /// <summary>Plain text, as in CLIENT INFO.</summary>
    public void Verbatim(string text)
    {
        if (!IsResp3)
        {
            Bulk(text);
            return;
        }

        const string Format = "txt:";
        byte[] bytes = Encoding.UTF8.GetBytes(Format + text);
        Header('=', bytes.Length);
        _output.Write(bytes);
        _output.Write("\r\n"u8);
    }

    /// <summary>In place of a bulk string.</summary>
    public void Null() => _output.Write(IsResp3 ? "_\r\n"u8 : "$-1\r\n"u8);

    /// <summary>In place of an array.</summary>
    public void NullArray() => _output.Write(IsResp3 ? "_\r\n"u8 : "*-1\r\n"u8);

    public void Array(int count) => Header('*', count);

    public void Set(int count) => Header(IsResp3 ? '~' : '*', count);

    /// <summary>Followed by a key and a value for each entry.</summary>
    public void Map(int count) => Header(IsResp3 ? '%' : '*', IsResp3 ? count : 2 * count);

    public void Push(int count) => Header(IsResp3 ? '>' : '*', count);

    private void Header(char type, int count) => Line(type, count.ToString(CultureInfo.InvariantCulture));

    // Latin-1, as requests are read: a byte shown in an error is preserved.
    private void Line(char type, string text)
    {
        Span<byte> span = _output.GetSpan(text.Length + 3);
        span[0] = (byte)type;
        Encoding.Latin1.GetBytes(text, span[1..]);
        "\r\n"u8.CopyTo(span[(text.Length + 1)..]);
        _output.Advance(text.Length + 3);
    }
}
