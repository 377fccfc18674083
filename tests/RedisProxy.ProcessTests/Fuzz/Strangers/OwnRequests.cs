using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Requests of data, on keys that nobody else has, whose replies are known to the last byte. They go on a shared link, alone or in a
/// transaction.
/// </summary>
internal static class OwnRequests
{
    private const string Huge = "1000000";

    private static readonly Action<StrangerStream, int>[] Often = [Echo, Strings, Many, Echo, Strings, Nothing];

    private static readonly Action<StrangerStream, int>[] All =
    [
        Echo, Strings, Many, Nothing, Lists, Hashes, SortedSets, Streams, Counters, Errors, Parts, Echo, Strings, Many,
    ];

    /// <param name="stream">To add to.</param>
    /// <param name="largest">Bytes of a value at most.</param>
    public static void Add(StrangerStream stream, int largest) => All[stream.Random.Next(All.Length)](stream, largest);

    /// <summary>Above all those that a server is quickest with.</summary>
    public static void AddQuick(StrangerStream stream, int largest) =>
        (stream.Random.Next(16) == 0 ? All : Often)[stream.Random.Next(Often.Length)](stream, largest);

    private static void Echo(StrangerStream stream, int largest)
    {
        string body = HostileBodies.Any(stream, largest);
        string command = stream.Random.Next(6) == 0 ? "PING" : "ECHO";
        stream.Ask(Words.Bulk(body), command, body);
    }

    private static void Strings(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string body = HostileBodies.Any(stream, largest);
        stream.Ask(Words.Ok, "SET", key, body);
        switch (stream.Random.Next(4))
        {
            case 0:
                string next = HostileBodies.Short(stream);
                stream.Ask(Words.Bulk(body), "SET", key, next, "GET");
                stream.Ask(Words.Bulk(next), "GET", key);
                break;
            case 1:
                stream.Ask(Words.Bulk(body), "GETDEL", key);
                stream.Ask(Words.Null(stream.Protocol), "GET", key);
                break;
            default:
                stream.Ask(Words.Bulk(body), "GET", key);
                break;
        }
    }

    private static void Many(StrangerStream stream, int largest)
    {
        string first = stream.NewKey();
        string second = stream.NewKey();
        string one = HostileBodies.Short(stream);
        string two = HostileBodies.Any(stream, largest);
        stream.Ask(Words.Ok, "MSET", first, one, second, two);
        stream.Ask(Words.Array(Words.Bulk(two), Words.Null(stream.Protocol), Words.Bulk(one)), "MGET", second, first + "-", first);
    }

    private static void Nothing(StrangerStream stream, int largest)
    {
        string key = "none" + stream.Owner.Token();
        int protocol = stream.Protocol;
        (byte[] Reply, string[] Words)[] all =
        [
            (Words.Null(protocol), ["GET", key]),
            (Words.NullArray(protocol), ["LPOP", key, "2"]),
            (Words.Array(), ["LRANGE", key, "0", "-1"]),
            (Words.Map(protocol), ["HGETALL", key]),
            (Words.Set(protocol), ["SMEMBERS", key]),
            (Words.Array(), ["ZPOPMIN", key]),
            (Words.Number(0), ["EXISTS", key]),
            (Words.Simple("none"), ["TYPE", key]),
            (Words.Number(-2), ["TTL", key]),
            (Words.Simple("PONG"), ["PING"]),
        ];
        (byte[] reply, string[] words) = all[stream.Random.Next(all.Length)];
        stream.Ask(reply, words);
    }

    private static void Lists(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string[] items = [.. Enumerable.Range(0, 1 + stream.Random.Next(5)).Select(_ => HostileBodies.Any(stream, largest / 4))];
        byte[] whole = Words.Array([.. items.Select(Words.Bulk)]);
        stream.Ask(Words.Number(items.Length), ["RPUSH", key, .. items]);
        stream.Ask(whole, "LRANGE", key, "0", "-1");
        stream.Ask(Words.Bulk(items[^1]), "LINDEX", key, "-1");
        stream.Ask(whole, "LPOP", key, Huge);
    }

    private static void Hashes(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string[] items = [.. Enumerable.Range(0, 4).Select(_ => HostileBodies.Element(stream))];
        byte[][] bulks = [.. items.Select(Words.Bulk)];
        stream.Ask(Words.Number(2), ["HSET", key, .. items]);
        stream.Ask(Words.Map(stream.Protocol, bulks), "HGETALL", key);
        stream.Ask(Words.Array(bulks[3], Words.Null(stream.Protocol), bulks[1]), "HMGET", key, items[2], "none", items[0]);
        stream.Ask(Words.Array(Words.Bulk("0"), Words.Array(bulks)), "HSCAN", key, "0");
        stream.Ask(Words.Number(1), "DEL", key);
        stream.Ask(Words.Number(1), "SADD", key, items[0]);
        stream.Ask(Words.Set(stream.Protocol, bulks[0]), "SMEMBERS", key);
    }

    private static void SortedSets(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string item = HostileBodies.Element(stream);
        byte[] score = Words.Double(stream.Protocol, "1.5");
        stream.Ask(Words.Number(1), "ZADD", key, "1.5", item);
        stream.Ask(score, "ZSCORE", key, item);
        byte[] pair = stream.Protocol == 3 ? Words.Array(Words.Array(Words.Bulk(item), score)) : Words.Array(Words.Bulk(item), score);
        stream.Ask(pair, "ZRANGE", key, "0", "-1", "WITHSCORES");
        stream.Ask(Words.Array(Words.Null(stream.Protocol), score), "ZMSCORE", key, "none", item);
    }

    private static void Streams(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string item = HostileBodies.Any(stream, largest);
        byte[] entry = Words.Array(Words.Bulk("1-1"), Words.Array(Words.Bulk("f"), Words.Bulk(item)));
        stream.Ask(Words.Bulk("1-1"), "XADD", key, "1-1", "f", item);
        stream.Ask(Words.Array(entry), "XRANGE", key, "-", "+");
        stream.Ask(Words.Number(1), "XLEN", key);
    }

    private static void Counters(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        int number = stream.Owner.Number();
        stream.Ask(Words.Number(number), "INCRBY", key, number.ToString(CultureInfo.InvariantCulture));
        stream.Ask(Words.Number(number + 1), "INCR", key);
        stream.Ask(Words.Number(number), "DECR", key);
    }

    private static void Errors(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string body = HostileBodies.Short(stream);
        stream.Ask(Words.Number(1), "LPUSH", key, body);
        stream.Ask(Words.WrongType, "GET", key);
        stream.Ask(Words.WrongType, "HGET", key, "f");
        stream.Ask(Words.Bulk(body), "RPOP", key);
        stream.Ask(Words.NotAnInteger, "INCRBY", key, "abc");
        if (!stream.IsInTransaction)
        {
            stream.Ask(Words.Bytes("-ERR wrong number of arguments for 'get' command\r\n"), "GET");
        }
    }

    private static void Parts(StrangerStream stream, int largest)
    {
        string key = stream.NewKey();
        string body = HostileBodies.Short(stream);
        stream.Ask(Words.Ok, "SET", key, "");
        stream.Ask(Words.Bulk(""), "GET", key);
        stream.Ask(Words.Number(body.Length), "APPEND", key, body);
        stream.Ask(Words.Bulk(body), "GETRANGE", key, "0", "-1");
        stream.Ask(Words.Number(body.Length), "STRLEN", key);
    }
}
