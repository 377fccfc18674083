using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>
/// One reply as a tree, for the control plane, where replies are small and their content matters. Never used by the data plane.
/// </summary>
internal sealed class RespValue
{
    private readonly byte[] _bytes;

    private RespValue(byte type, byte[] bytes, RespValue[] items, bool isNull)
    {
        Type = type;
        _bytes = bytes;
        Items = items;
        IsNull = isNull;
    }

    /// <summary>The first byte on the wire.</summary>
    public byte Type { get; }

    /// <summary>Elements of an array, set or push; alternating keys and values of a map.</summary>
    public IReadOnlyList<RespValue> Items { get; }

    public bool IsNull { get; }

    public bool IsError => Type is (byte)'-' or (byte)'!';

    public bool IsPush => Type == '>';

    public bool IsAggregate => Type is (byte)'*' or (byte)'~' or (byte)'%' or (byte)'>';

    /// <summary>The text of a line or a body; empty for null and for aggregates.</summary>
    public string Text => Encoding.UTF8.GetString(_bytes);

    public bool TryGetInteger(out long value) =>
        long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary>
    /// Field and value pairs, as in the reply to SENTINEL MASTER: a flat array in RESP2, a map in RESP3. Skips aggregates.
    /// </summary>
    public Dictionary<string, string> ToFields()
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i + 1 < Items.Count; i += 2)
        {
            if (!Items[i].IsAggregate && !Items[i + 1].IsAggregate)
            {
                fields[Items[i].Text] = Items[i + 1].Text;
            }
        }

        return fields;
    }

    /// <summary>Reads one complete message, as found by <see cref="ReplyScanner"/>; attributes, and pushes in it, are dropped.</summary>
    /// <exception cref="FormatException">
    /// The message is streamed, or nested deeper than <see cref="RespLimits.MaxTreeDepth"/>; neither Sentinel nor redis sends that.
    /// </exception>
    public static RespValue Read(ReadOnlySpan<byte> message)
    {
        int at = 0;
        return Read(message, ref at, depth: 0);
    }

    private static RespValue Read(ReadOnlySpan<byte> message, ref int at, int depth)
    {
        // What is dropped may be repeated without end, so it must not cost stack.
        while (true)
        {
            byte type = message[at++];
            ReadOnlySpan<byte> line = TakeLine(message, ref at);
            switch (type)
            {
                case (byte)'$' or (byte)'=' or (byte)'!':
                    return ReadBulk(type, TakeCount(line), message, ref at);
                case (byte)'|':
                    ReadItems(type, TakeCount(line) * 2, message, ref at, depth);
                    break;
                case (byte)'>' when depth > 0:
                    ReadItems(type, TakeCount(line), message, ref at, depth);
                    break;
                case (byte)'*' or (byte)'~' or (byte)'>':
                    return ReadItems(type, TakeCount(line), message, ref at, depth);
                case (byte)'%':
                    return ReadItems(type, TakeCount(line) * 2, message, ref at, depth);
                default:
                    return new RespValue(type, line.ToArray(), [], isNull: type == '_');
            }
        }
    }

    private static RespValue ReadBulk(byte type, int length, ReadOnlySpan<byte> message, ref int at)
    {
        if (length < 0)
        {
            return new RespValue(type, [], [], isNull: true);
        }

        byte[] bytes = message.Slice(at, length).ToArray();
        at += length + 2;
        return new RespValue(type, bytes, [], isNull: false);
    }

    private static RespValue ReadItems(byte type, int count, ReadOnlySpan<byte> message, ref int at, int depth)
    {
        if (count > 0 && depth == RespLimits.MaxTreeDepth)
        {
            throw new FormatException("nested too deeply");
        }

        var items = new List<RespValue>();
        for (int i = 0; i < count; i++)
        {
            items.Add(Read(message, ref at, depth + 1));
        }

        return new RespValue(type, [], [.. items], isNull: count < 0);
    }

    private static ReadOnlySpan<byte> TakeLine(ReadOnlySpan<byte> message, ref int at)
    {
        int length = message[at..].IndexOf("\r\n"u8);
        Debug.Assert(length >= 0, "the message is complete");
        ReadOnlySpan<byte> line = message.Slice(at, length);
        at += length + 2;
        return line;
    }

    private static int TakeCount(ReadOnlySpan<byte> line) =>
        int.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count)
            ? count
            : throw new FormatException("streamed or oversized reply");
}
