using System.Buffers;
using System.Globalization;
using System.Text;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>A request that waited at a backend and continues its wait at another one, for the rest of its time.</summary>
internal static class BlockingRequest
{
    /// <summary>The same request with a shorter timeout, at least 1 ms.</summary>
    /// <param name="request">One complete request, multibulk or inline.</param>
    /// <param name="waitedMs">How long it has waited already.</param>
    /// <returns>Empty: send it unchanged, because it waits forever, does not wait, or its timeout is not understood.</returns>
    public static byte[] WithTimeLeft(ReadOnlySpan<byte> request, long waitedMs)
    {
        // Requests that redis skips are kept with the one that follows.
        while (SkippedBytes(request) is > 0 and int skipped)
        {
            request = request[skipped..];
        }

        List<byte[]> arguments;
        if (request.StartsWith("*"u8))
        {
            arguments = RequestArguments.Read(request);
        }
        else if (!InlineRequest.TrySplit(request, out arguments) || arguments.Count == 0)
        {
            return [];
        }

        (int index, bool isSeconds) = TimeoutOf(arguments);
        if (index <= 0 || index >= arguments.Count
            || !double.TryParse(arguments[index], NumberStyles.Float, CultureInfo.InvariantCulture, out double timeout)
            || !double.IsFinite(timeout) || timeout <= 0)
        {
            return [];
        }

        double leftMs = Math.Max(1, Math.Ceiling((isSeconds ? timeout * 1000 : timeout) - waitedMs));
        string left = isSeconds ? (leftMs / 1000).ToString("0.###", CultureInfo.InvariantCulture) : $"{(long)leftMs}";
        arguments[index] = Encoding.ASCII.GetBytes(left);
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.WriteBytes(output, [.. arguments]);
        return output.WrittenSpan.ToArray();
    }

    // Position and unit of each command's timeout, from its page on redis.io/commands.
    private static (int Index, bool IsSeconds) TimeoutOf(List<byte[]> arguments)
    {
        switch (RequestArguments.Upper(arguments[0]))
        {
            case "BLPOP" or "BRPOP" or "BRPOPLPUSH" or "BLMOVE" or "BZPOPMIN" or "BZPOPMAX":
                return (arguments.Count - 1, true);
            case "BLMOVEM":
                return (5, true);
            case "BLMPOP" or "BZMPOP":
                return (1, true);
            case "WAIT":
                return (2, false);
            case "WAITAOF":
                return (3, false);
            case "XREAD" or "XREADGROUP":
                return (StreamRead.Parse(arguments).Timeout, false);
            default:
                // A module's command: the meaning of its numbers is unknown.
                return default;
        }
    }

    private static int SkippedBytes(ReadOnlySpan<byte> request) =>
        request.StartsWith("\r\n"u8) ? 2 : request.StartsWith("\n"u8) ? 1 : request.StartsWith("*0\r\n"u8) ? 4
        : request.StartsWith("*-1\r\n"u8) ? 5 : 0;
}
