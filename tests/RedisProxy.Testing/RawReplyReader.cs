using System.Globalization;
using System.Text;

namespace RedisProxy.Testing;

/// <summary>
/// Reads from a socket and splits the bytes into replies. Small, slow and simple on purpose, and not the proxy's scanner: the code that
/// checks the proxy must not share its mistakes. Recursive and trusting; for replies of servers under test.
/// </summary>
/// <param name="receive">Returns 0 at the end.</param>
internal sealed class RawReplyReader(Func<Memory<byte>, CancellationToken, ValueTask<int>> receive)
{
    private static readonly RawReply[] Nothing = [];

    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>Received and not taken yet.</summary>
    public ReadOnlySpan<byte> Pending => _buffer.AsSpan(_start, _end - _start);

    public void Take(int count) => _start += count;

    /// <summary>False at the end of the stream.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_end == _buffer.Length)
        {
            // At least half of it free, so that growing costs no more than reading.
            byte[] target = _end - _start > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
            _buffer = target;
            _end -= _start;
            _start = 0;
        }

        int count = await receive(_buffer.AsMemory(_end), cancellation);
        _end += count;
        return count > 0;
    }

    public async ValueTask<RawReply> ReadReplyAsync(CancellationToken cancellation)
    {
        var position = new Position();
        RawReply reply = await ReadAsync(position, cancellation);
        reply = reply with { Wire = Pending[..position.Offset].ToArray() };
        Take(position.Offset);
        return reply;
    }

    private async ValueTask<RawReply> ReadAsync(Position position, CancellationToken cancellation)
    {
        string line = await ReadLineAsync(position, cancellation);
        char kind = line.Length > 0 ? line[0] : throw new FormatException("An empty line where a reply should begin.");
        string rest = line[1..];
        switch (kind)
        {
            case '+' or '-' or ':' or '#' or ',' or '(' or '_':
                return new RawReply(kind, rest, Nothing);
            case '$' or '!' or '=':
                int length = ParseLength(rest);
                return length < 0
                    ? new RawReply(kind, null, Nothing) { IsNullLength = true }
                    : new RawReply(kind, await ReadBulkAsync(position, length, cancellation), Nothing);
            case '*' or '~' or '>' or '%' or '|':
                int count = ParseLength(rest);
                var items = new List<RawReply>();
                for (int i = 0; i < count * (kind is '%' or '|' ? 2 : 1); i++)
                {
                    items.Add(await ReadAsync(position, cancellation));
                }

                return new RawReply(kind, null, items) { IsNullLength = count < 0 };
            default:
                throw new FormatException($"Not the first byte of a reply: '{line}'.");
        }
    }

    private async ValueTask<string> ReadLineAsync(Position position, CancellationToken cancellation)
    {
        int length;
        while ((length = Pending[position.Offset..].IndexOf("\r\n"u8)) < 0)
        {
            await FillOrThrowAsync(cancellation);
        }

        string line = Encoding.Latin1.GetString(Pending.Slice(position.Offset, length));
        position.Offset += length + 2;
        return line;
    }

    private async ValueTask<string> ReadBulkAsync(Position position, int length, CancellationToken cancellation)
    {
        while (Pending.Length < position.Offset + length + 2)
        {
            await FillOrThrowAsync(cancellation);
        }

        ReadOnlySpan<byte> bulk = Pending.Slice(position.Offset, length + 2);
        if (!bulk.EndsWith("\r\n"u8))
        {
            throw new FormatException("A bulk does not end with CR LF.");
        }

        position.Offset += length + 2;
        return Encoding.Latin1.GetString(bulk[..length]);
    }

    private async ValueTask FillOrThrowAsync(CancellationToken cancellation)
    {
        if (!await FillAsync(cancellation))
        {
            throw new EndOfStreamException(Pending.Length == 0
                ? "The peer closed the connection."
                : $"The peer closed the connection in the middle of a reply: '{Encoding.Latin1.GetString(Pending)}'.");
        }
    }

    private static int ParseLength(string text) => int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>How far into the pending bytes the reply has been read; nothing is taken before it is complete.</summary>
    private sealed class Position
    {
        public int Offset { get; set; }
    }
}
