namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Requests for which a client needs a connection of its own, or another shared one; afterwards it may come back.</summary>
internal static class Detours
{
    /// <summary>A user that every server of these tests has.</summary>
    public const string User = "stranger";

    public const string Password = "strange";

    private const string Nested =
        "return {ARGV[1], {1, {ARGV[1], false}, {err='ERR ' .. KEYS[1]}}, {ok='fine'}, {}}";

    private const string Types =
        "redis.setresp(3); return {{map={a=ARGV[1]}}, {big_number='123'}, {double=1.5}, true, "
        + "{verbatim_string={format='txt',string=ARGV[1]}}}";

    private static readonly Action<StrangerStream>[] All =
    [
        Watch, BlockingPop, Subscription, Identity, Identity, Number, Wait, Names, Unknown, Script, ReplyMode, LongPoll, Information,
        Tracking, Reset,
    ];

    public static void Add(StrangerStream stream) => All[stream.Random.Next(All.Length)](stream);

    private static void Watch(StrangerStream stream)
    {
        string key = stream.NewKey();
        string body = HostileBodies.Short(stream);
        stream.Ask(Words.Ok, "WATCH", key);
        if (stream.Random.Next(2) == 0)
        {
            stream.Ask(Words.Ok, "UNWATCH");
            return;
        }

        stream.Begin();
        stream.Ask(Words.Ok, "SET", key, body);
        stream.Ask(Words.Bulk(body), "GET", key);
        stream.Execute();
    }

    private static void BlockingPop(StrangerStream stream)
    {
        string key = stream.NewKey();
        stream.Waits = true;
        if (stream.Random.Next(2) == 0)
        {
            stream.Ask(Words.NullArray(stream.Protocol), "BLPOP", key, "0.005");
            return;
        }

        string body = HostileBodies.Short(stream);
        stream.Ask(Words.Number(1), "RPUSH", key, body);
        stream.Ask(Words.Array(Words.Bulk(key), Words.Bulk(body)), "BLPOP", key + "-", key, "1");
    }

    private static void Subscription(StrangerStream stream)
    {
        string channel = stream.NewKey();
        string body = HostileBodies.Short(stream);
        int protocol = stream.Protocol;
        stream.Ask(Words.Push(protocol, Words.Bulk("subscribe"), Words.Bulk(channel), Words.Number(1)), "SUBSCRIBE", channel);
        stream.Ask(protocol == 3 ? Words.Bulk(body) : Words.Array(Words.Bulk("pong"), Words.Bulk(body)), "PING", body);
        stream.Ask(Words.Push(protocol, Words.Bulk("unsubscribe"), Words.Bulk(channel), Words.Number(0)), "UNSUBSCRIBE", channel);
        stream.Ask(Words.Number(0), "PUBLISH", channel, body);
    }

    private static void Identity(StrangerStream stream)
    {
        switch (stream.Random.Next(7))
        {
            case 0:
                stream.Ask(Words.Ok, "SELECT", stream.Random.Next(2) == 0 ? "0" : "1");
                break;
            case 1:
                stream.AskLike("-", "", "SELECT", "99");
                break;
            case 2:
                stream.AskLike("*", "", "HELLO", "2");
                stream.Protocol = 2;
                break;
            case 3:
                stream.AskLike("-", "", "HELLO", "4");
                break;
            case 4:
                stream.Ask(Words.Ok, "AUTH", User, Password);
                break;
            case 5:
                // Redis 7.2 and later reply nothing to it if earlier replies are still to be written.
                stream.Await();
                stream.AskLike("-", "", "AUTH", User, stream.Owner.Token());
                break;
            default:
                stream.AskLike("%", "", "HELLO", "3");
                stream.Protocol = 3;
                break;
        }
    }

    private static void Number(StrangerStream stream) => stream.AskLike(":", "", "CLIENT", "ID");

    private static void Wait(StrangerStream stream)
    {
        stream.Waits = true;
        stream.Ask(Words.Number(0), "WAIT", "0", "1");
    }

    private static void Names(StrangerStream stream)
    {
        if (stream.Random.Next(2) == 0)
        {
            stream.Name = stream.Owner.Token();
            stream.Ask(Words.Ok, "CLIENT", "SETNAME", stream.Name);
        }

        stream.Ask(stream.Name.Length == 0 ? Words.Null(stream.Protocol) : Words.Bulk(stream.Name), "CLIENT", "GETNAME");
    }

    private static void Unknown(StrangerStream stream)
    {
        string token = stream.Owner.Token();
        stream.AskLike("-", token, "NOSUCH", token);
    }

    private static void Script(StrangerStream stream)
    {
        string token = stream.Owner.Token();
        string body = HostileBodies.Short(stream);
        byte[] bulk = Words.Bulk(body);
        if (stream.Protocol == 3 && stream.Random.Next(2) == 0)
        {
            stream.Ask(
                Words.Array(Words.Map(3, Words.Bulk("a"), bulk), Words.Bytes("(123\r\n"), Words.Bytes(",1.5\r\n"), Words.Bytes("#t\r\n"),
                    [(byte)'=', .. Words.Bulk("txt:" + body)[1..]]),
                "EVAL", Types, "0", body);
            return;
        }

        stream.Ask(
            Words.Array(
                bulk,
                Words.Array(Words.Number(1), Words.Array(bulk, Words.Null(stream.Protocol)), Words.Bytes($"-ERR {token}\r\n")),
                Words.Simple("fine"),
                Words.Array()),
            "EVAL", Nested, "1", token, body);
    }

    private static void ReplyMode(StrangerStream stream)
    {
        bool isSkip = stream.Random.Next(2) == 0;
        stream.Say(Words.Request("CLIENT", "REPLY", isSkip ? "SKIP" : "OFF"));
        stream.Say(Words.Request("ECHO", stream.Owner.Token()));
        if (!isSkip)
        {
            stream.Say(Words.Request("SET", stream.NewKey(), HostileBodies.Short(stream)));
            stream.Ask(Words.Ok, "CLIENT", "REPLY", "ON");
        }
    }

    private static void LongPoll(StrangerStream stream)
    {
        string key = stream.NewKey();
        string body = HostileBodies.Short(stream);
        stream.Waits = true;
        stream.Ask(Words.NullArray(stream.Protocol), "XREAD", "BLOCK", "5", "STREAMS", key, "0");
        stream.Ask(Words.Bulk("1-1"), "XADD", key, "1-1", "f", body);
        byte[] entries = Words.Array(Words.Array(Words.Bulk("1-1"), Words.Array(Words.Bulk("f"), Words.Bulk(body))));
        byte[] reply = stream.Protocol == 3 ? Words.Map(3, Words.Bulk(key), entries) : Words.Array(Words.Array(Words.Bulk(key), entries));
        stream.Ask(reply, "XREAD", "BLOCK", "5", "STREAMS", key, "0");
    }

    private static void Information(StrangerStream stream)
    {
        string[] words = stream.Random.Next(3) switch
        {
            0 => ["INFO", "server"],
            1 => ["LOLWUT"],
            _ => ["COMMAND", "INFO", "get", "nosuch"],
        };
        stream.AskLike("$=*", "", words);
    }

    private static void Tracking(StrangerStream stream)
    {
        // With RESP2 it can only be redirected.
        if (stream.Protocol == 3)
        {
            stream.Ask(Words.Ok, "CLIENT", "TRACKING", "ON");
            stream.Ask(Words.Ok, "CLIENT", "TRACKING", "OFF");
        }
    }

    private static void Reset(StrangerStream stream)
    {
        stream.Ask(Words.Simple("RESET"), "RESET");
        stream.Protocol = 2;
        stream.Name = "";
    }
}
