using System.Text;

namespace RedisProxy.Resp;

/// <summary>
/// Splits an inline request (telnet style) into its arguments, by the rules of redis's sdssplitargs: blanks separate; double quotes
/// allow <c>\xHH \n \r \t \b \a</c> and <c>\c</c>; single quotes allow <c>\'</c>; a closing quote is followed by a blank or the end.
/// </summary>
internal static class InlineRequest
{
    /// <summary>False: the quotes are unbalanced.</summary>
    /// <param name="line">The request with its line end.</param>
    /// <param name="arguments">Empty if redis would skip the line without a reply.</param>
    public static bool TrySplit(ReadOnlySpan<byte> line, out List<byte[]> arguments)
    {
        arguments = [];
        line = TrimLineEnd(line);
        int at = 0;
        while (true)
        {
            while (at < line.Length && IsBlank(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return true;
            }

            if (!TryTakeArgument(line, ref at, out byte[] argument))
            {
                return false;
            }

            arguments.Add(argument);
        }
    }

    private static ReadOnlySpan<byte> TrimLineEnd(ReadOnlySpan<byte> line)
    {
        if (line.EndsWith("\n"u8))
        {
            line = line[..^1];
        }

        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private static bool TryTakeArgument(ReadOnlySpan<byte> line, ref int at, out byte[] argument)
    {
        var bytes = new List<byte>();
        argument = [];
        while (at < line.Length && !EndsUnquoted(line[at]))
        {
            byte value = line[at++];
            bool quoted = value is (byte)'"' or (byte)'\'';
            if (!quoted)
            {
                bytes.Add(value);
                continue;
            }

            bool closed = value == '"' ? TakeDoubleQuoted(line, ref at, bytes) : TakeSingleQuoted(line, ref at, bytes);
            if (!closed || (at < line.Length && !IsBlank(line[at])))
            {
                return false;
            }

            break;
        }

        argument = [.. bytes];
        return true;
    }

    private static bool TakeDoubleQuoted(ReadOnlySpan<byte> line, ref int at, List<byte> bytes)
    {
        while (at < line.Length)
        {
            byte value = line[at++];
            if (value == '"')
            {
                return true;
            }

            if (value != '\\' || at == line.Length)
            {
                bytes.Add(value);
                continue;
            }

            byte escaped = line[at++];
            if (escaped == 'x' && at + 2 <= line.Length && char.IsAsciiHexDigit((char)line[at]) && char.IsAsciiHexDigit((char)line[at + 1]))
            {
                bytes.Add(byte.Parse(Encoding.ASCII.GetString(line.Slice(at, 2)), System.Globalization.NumberStyles.HexNumber, null));
                at += 2;
                continue;
            }

            bytes.Add(escaped switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'a' => (byte)'\a',
                _ => escaped,
            });
        }

        return false;
    }

    private static bool TakeSingleQuoted(ReadOnlySpan<byte> line, ref int at, List<byte> bytes)
    {
        while (at < line.Length)
        {
            byte value = line[at++];
            if (value == '\'')
            {
                return true;
            }

            if (value == '\\' && at < line.Length && line[at] == '\'')
            {
                value = line[at++];
            }

            bytes.Add(value);
        }

        return false;
    }

    // Two kinds of blanks separate arguments but do not end one: sdssplitargs skips with isspace and ends with this shorter list.
    private static bool EndsUnquoted(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    // isspace of the C locale.
    private static bool IsBlank(byte value) => value is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r');
}
