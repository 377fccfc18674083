using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Positions of the options of XREAD and XREADGROUP (redis.io/commands/xreadgroup): a group or a consumer may be named like an option, and
/// the last of a repeated option counts.
/// </summary>
/// <param name="Timeout">Index of BLOCK's argument; 0: there is none, or there are unknown options.</param>
/// <param name="Streams">Index of STREAMS; 0 likewise.</param>
internal readonly record struct StreamRead(int Timeout, int Streams)
{
    public static StreamRead Parse(IReadOnlyList<byte[]> arguments)
    {
        int timeout = 0;
        for (int i = 1; i < arguments.Count; i++)
        {
            switch (RequestArguments.Upper(arguments[i]))
            {
                case "BLOCK":
                    timeout = ++i;
                    break;
                case "COUNT" or "CLAIM":
                    i++;
                    break;
                case "GROUP":
                    i += 2;
                    break;
                case "NOACK":
                    break;
                case "STREAMS":
                    return new StreamRead(timeout, i);
                default:
                    return default;
            }
        }

        return default;
    }
}
