using System.Runtime.CompilerServices;

namespace RedisProxy.Resp;

/// <summary>
/// The short paths of both scanners: a well-formed frame that is entirely in the input is found in one pass over its headers.
/// Anything incomplete, unusual or wrong is refused without a reason; the resumable paths find out what it is. Tests prove that both
/// agree: every split of a message takes the other path.
/// </summary>
internal static class WholeFrames
{
    // As many as fit into an int without overflow checks.
    private const int MaxDigits = 9;

    /// <summary>Takes a request of at least one argument.</summary>
    /// <param name="input">Not empty.</param>
    /// <param name="commands">The table for its command.</param>
    /// <param name="head">Of the previous request; afterwards of this one.</param>
    /// <param name="bytes">Length of the request.</param>
    /// <param name="command">Traits of its command.</param>
    public static bool TryTakeRequest(
        ReadOnlySpan<byte> input, CommandTable commands, ref RequestHead head, out int bytes, out CommandTraits command)
    {
        bytes = 0;
        if (!head.TryTake(input, commands, out int at, out int arguments, out command))
        {
            if (!TryTakeHead(input, out at, out arguments, out ReadOnlySpan<byte> name))
            {
                command = default;
                return false;
            }

            command = commands.Find(name);
            head.Remember(input, commands, at, arguments, command);
        }

        for (int i = 1; i < arguments; i++)
        {
            if (!TryTakeArgument(input, ref at, out _, out _))
            {
                command = default;
                return false;
            }
        }

        bytes = at;
        return true;
    }

    /// <summary>Takes the number of arguments and the first argument.</summary>
    private static bool TryTakeHead(ReadOnlySpan<byte> input, out int bytes, out int arguments, out ReadOnlySpan<byte> name)
    {
        bytes = 1;
        name = default;
        arguments = 0;
        if (input[0] != '*' || !TryTakeNumber(input, ref bytes, out arguments) || arguments is 0 or > RespLimits.MaxMultibulkElements
            || !TryTakeArgument(input, ref bytes, out int body, out int length))
        {
            return false;
        }

        name = input.Slice(body, length);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTakeArgument(ReadOnlySpan<byte> input, ref int at, out int body, out int length)
    {
        if ((uint)at >= (uint)input.Length || input[at++] != '$')
        {
            (body, length) = (0, 0);
            return false;
        }

        return TryTakeBulk(input, ref at, out body, out length) && length <= RespLimits.MaxBulkBytes;
    }

    /// <summary>Takes a reply of one element that is not an error, push or attribute: most replies to most commands.</summary>
    public static bool TryTakeReply(ReadOnlySpan<byte> input, out int bytes)
    {
        bytes = 1;
        switch (input[0])
        {
            case (byte)'$' when input.StartsWith("$-1\r\n"u8):
                bytes = 5;
                return true;
            case (byte)'$':
                return TryTakeBulk(input, ref bytes, out _, out _);
            case (byte)'+' or (byte)':':
                int end = input.IndexOf((byte)'\r');
                bytes = end + 2;
                return end > 0 && bytes <= input.Length && input[end + 1] == '\n';
            default:
                return false;
        }
    }

    /// <summary>Skips whole, consecutive bulks, up to a maximum.</summary>
    /// <returns>The number skipped.</returns>
    public static long SkipBulks(ReadOnlySpan<byte> input, ref int at, long most)
    {
        var last = default(BulkHead);
        long count = 0;
        while (count < most && (uint)at < (uint)input.Length && input[at] == '$')
        {
            // Elements of one array often have the same length.
            if (!last.TryTake(input, ref at))
            {
                int end = at + 1;
                if (!TryTakeBulk(input, ref end, out int body, out _))
                {
                    break;
                }

                last = new BulkHead(input[at..end], body - at);
                at = end;
            }

            count++;
        }

        return count;
    }

    /// <summary>Takes the length, the body and both line ends of a bulk. On failure, <paramref name="at"/> is undefined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTakeBulk(ReadOnlySpan<byte> input, ref int at, out int body, out int length)
    {
        if (!TryTakeNumber(input, ref at, out length))
        {
            body = 0;
            return false;
        }

        body = at;
        if (length > input.Length - at)
        {
            return false;
        }

        int end = at + length;
        at = end + 2;
        return input[end..].StartsWith("\r\n"u8);
    }

    /// <summary>Takes digits and CRLF.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryTakeNumber(ReadOnlySpan<byte> input, ref int at, out int number)
    {
        number = 0;
        int start = at;
        int i = at;
        while ((uint)i < (uint)input.Length)
        {
            uint digit = (uint)input[i] - '0';
            if (digit > 9)
            {
                break;
            }

            number = (number * 10) + (int)digit;
            i++;
        }

        int digits = i - start;
        at = i + 2;
        return digits is > 0 and <= MaxDigits && at <= input.Length && input[i] == '\r' && input[i + 1] == '\n'
            && (input[start] != '0' || digits == 1);
    }
}
