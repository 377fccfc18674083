using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// Makes requests of all kinds that matter to a connection's state, order and silence. Kinds come in groups, and a stream has more of
/// one or two of them, so that those meet which seldom would.
/// </summary>
/// <param name="random">All comes from it.</param>
/// <param name="name">Of the plan: in its keys and values.</param>
/// <param name="hasFaults">Then state does not change inside MULTI: nobody could know what it is after a conflict.</param>
internal sealed class RequestGenerator(Random random, string name, bool hasFaults)
{
    // Half of the streams have nothing in them that looks like something else, so that what needs many steps is not always cut short.
    private readonly bool _isTame = random.Next(2) == 0;
    private int _next;
    private bool _isInTransaction;

    public const int Groups = 8;

    /// <summary>One request, or a few that belong together.</summary>
    public IEnumerable<FuzzRequest> Next(int group)
    {
        switch (group)
        {
            case 0:
                return [Read()];
            case 1:
                return [Write()];
            case 2:
                return Context();
            case 3:
                return Silence();
            case 4:
                return Messages();
            case 5:
                return Transaction();
            case 6:
                return [random.Next(2) == 0 ? Blocking() : Script()];
            default:
                return Mistake();
        }
    }

    /// <summary>What the connection is, and whose replies it gets.</summary>
    public static IEnumerable<FuzzRequest> Epilogue() =>
    [
        FuzzRequest.Of(RequestNature.IsOdd, "CLIENT", "REPLY", "ON"),
        FuzzRequest.Of("CLIENT", "INFO"),
        FuzzRequest.Of("ACL", "WHOAMI"),
        FuzzRequest.Of("GET", "f1"),
        FuzzRequest.Of("HGET", "h", "message"),
        FuzzRequest.Of("ECHO", "the end"),
    ];

    public FuzzRequest Read() => random.Next(_isTame ? 4 : 0, 16) switch
    {
        0 => FuzzRequest.Of("HKEYS", "h"),
        1 => FuzzRequest.Of("HGETALL", Pick("h", "hs")),
        2 => FuzzRequest.Of("LRANGE", Pick("l", "lp"), "0", "-1"),
        3 => FuzzRequest.Of("HKEYS", "hs"),
        4 => FuzzRequest.Of("ECHO", "e" + Token()),
        5 => FuzzRequest.Of("PING", "p" + Token()),
        6 => FuzzRequest.Of("SORT_RO", "lt", "ALPHA"),
        7 => FuzzRequest.Of("MGET", "f1", "f2", "none"),
        8 => FuzzRequest.Of("ACL", "WHOAMI"),
        9 => FuzzRequest.Of("CLIENT", "INFO"),
        10 => FuzzRequest.Of("CLIENT", "GETNAME"),
        11 => random.Next(4) == 0 ? FuzzRequest.Of("GET", "big") : FuzzRequest.Of("STRLEN", "f2"),
        12 => FuzzRequest.Of("TIME") with { Nature = RequestNature.IsVolatile },
        _ => FuzzRequest.Of("GET", "f" + random.Next(1, 5).ToString(CultureInfo.InvariantCulture)),
    };

    public FuzzRequest Write()
    {
        string token = Token();
        string key = "k" + token;
        FuzzRequest request = random.Next(8) switch
        {
            0 => FuzzRequest.Of("INCR", key),
            1 => FuzzRequest.Of("RPUSH", key, "v" + token),
            2 => FuzzRequest.Of("APPEND", key, "v" + token),
            3 => FuzzRequest.Of("SET", "low" + token, "v" + token),
            4 => FuzzRequest.Of("HINCRBY", key, "n", "1"),
            5 => random.Next(6) == 0
                ? FuzzRequest.Of("SET", key, new string('v', random.Next(500, 90_000)))
                : FuzzRequest.Of("PUBLISH", FuzzServer.Channel, token),
            _ => FuzzRequest.Of("SET", key, "v" + token),
        };
        return request with { Token = token };
    }

    /// <summary>User, protocol, database, name.</summary>
    public IEnumerable<FuzzRequest> Context() => hasFaults && _isInTransaction ? [Read()] : random.Next(14) switch
    {
        0 or 1 or 2 => [State("SELECT", Pick("0", "1", "2", "3"))],
        3 => [State("AUTH", "low", "lowpw")],
        4 => [State("AUTH", "default", "any")],
        5 => [State("AUTH", "mid", "midpw")],
        6 => [State("HELLO", Pick("2", "3"))],
        7 => [State("HELLO", "3", "AUTH", Pick("low", "mid"), "lowpw")],
        8 => [State("HELLO", Pick("2", "3"), "AUTH", "mid", "midpw", "SETNAME", "n" + Token())],
        9 => [State("CLIENT", "SETNAME", "n" + Token())],
        10 => Reset(),
        11 => [State("AUTH", "mute", "mutepw"), .. Silence()],
        12 => [State("CLIENT", "NO-EVICT", Pick("ON", "OFF"))],
        _ => [State("SELECT", Pick("1", "2", "3")), Read(), Write()],
    };

    /// <summary>CLIENT REPLY and what it meets.</summary>
    public IEnumerable<FuzzRequest> Silence()
    {
        // Redis itself loses elements of EXEC's reply then.
        if (_isInTransaction)
        {
            return [Read()];
        }

        return random.Next(9) switch
        {
            0 => [Reply("ON")],
            1 => [Reply("OFF"), Write(), Read(), Reply("ON")],
            2 => [Reply("SKIP"), random.Next(2) == 0 ? Write() : Read()],
            3 => [Reply("SKIP"), Nothing(), Read()],
            4 => [Reply("SKIP"), Write(), Odd("CLIENT", "REPLY"), .. Reset(), Write()],
            5 => [Reply("OFF"), .. Mistake(), .. Context(), Reply("ON"), Read()],
            6 => [Reply("SKIP"), .. Mistake(), Read()],
            7 => [Odd("CLIENT", "REPLY", Pick("MAYBE", "OFFF", "")), Read()],
            _ => [Reply(Pick("OFF", "SKIP")), .. Messages(), .. random.Next(2) == 0 ? Reset() : [Reply("ON")]],
        };
    }

    /// <summary>Subscriptions and tracking.</summary>
    public IEnumerable<FuzzRequest> Messages() => _isInTransaction ? [Read()] : random.Next(12) switch
    {
        0 or 1 => [Hello3(), State("SUBSCRIBE", Pick("chan-1", "chan-2")), Read()],
        2 => [State("SUBSCRIBE", "chan-1", "chan-2")],
        3 => [Hello3(), State("PSUBSCRIBE", "chan-*"), Read(), Read()],
        4 => [FuzzRequest.Of(RequestNature.IsOdd | RequestNature.IsVolatile, "UNSUBSCRIBE")],
        5 => [State(Pick("UNSUBSCRIBE", "PUNSUBSCRIBE"), Pick("chan-1", "chan-*"))],
        6 => [Hello3(), State("CLIENT", "TRACKING", "ON"), FuzzRequest.Of("GET", "f1")],
        7 => [Hello3(), State("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "t")],
        8 => [State("CLIENT", "TRACKING", "OFF")],
        9 => [Hello3(), State("CLIENT", "TRACKING", "ON", "OPTIN"), State("CLIENT", "CACHING", "YES"), Read()],
        10 => [State("SSUBSCRIBE", "chan-3"), FuzzRequest.Of("PING")],
        _ => [Hello3(), State("SUBSCRIBE", "chan-1"), FuzzRequest.Of("HKEYS", Pick("h", "hs")), State("UNSUBSCRIBE", "chan-1")],
    };

    /// <summary>What others say reaches the connection from here on.</summary>
    public IEnumerable<FuzzRequest> Listening() => random.Next(5) switch
    {
        0 => [State("SUBSCRIBE", "chan-1", "chan-2")],
        1 => [Hello3(), State("SUBSCRIBE", "chan-1")],
        2 => [Hello3(), State("PSUBSCRIBE", "chan-*")],
        _ => [Hello3(), State("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "t")],
    };

    public IEnumerable<FuzzRequest> Transaction()
    {
        int kind = random.Next(9);
        if (kind == 0)
        {
            return [FuzzRequest.Of(RequestNature.Watch, "WATCH", "f1")];
        }

        if (kind == 1)
        {
            string ending = Pick("DISCARD", "UNWATCH");
            _isInTransaction &= ending == "UNWATCH";
            return [FuzzRequest.Of(RequestNature.EndsWatch, ending)];
        }

        if (kind == 2)
        {
            _isInTransaction = true;
            return [FuzzRequest.Of(RequestNature.Multi, "MULTI")];
        }

        _isInTransaction = true;
        List<FuzzRequest> all = [FuzzRequest.Of(RequestNature.Multi, "MULTI"), Write(), random.Next(2) == 0 ? Read() : Write()];
        if (kind <= 4)
        {
            all.Insert(0, FuzzRequest.Of(RequestNature.Watch, "WATCH", "f1", "f2"));
        }

        if (kind == 5)
        {
            all.AddRange(Mistake());
        }

        if (kind == 6)
        {
            all.AddRange(hasFaults ? [Script()] : Context());
        }

        all.Add(FuzzRequest.Of(RequestNature.Exec, "EXEC"));
        _isInTransaction = false;
        return all;
    }

    /// <summary>At a server that takes no writes: what one of them publishes cannot be taken back.</summary>
    public IEnumerable<FuzzRequest> Refused() => [Write(), Publishing(), Read()];

    public FuzzRequest Blocking() => random.Next(5) switch
    {
        0 => Of("BRPOP", "q1", "q2", "0.02"),
        1 => Of("BLMPOP", "0.02", "1", "q1", "LEFT"),
        2 => FuzzRequest.Of(RequestNature.Blocks | RequestNature.IsVolatile, "WAIT", Pick("0", "1"), "10"),
        3 => Of("XREAD", "BLOCK", "15", "STREAMS", "x1", Pick("$", "0")),
        _ => Of("BLPOP", "q1", Pick("0.01", "0.03", "0.05")),
    };

    public FuzzRequest Script()
    {
        string token = Token();
        (string body, bool writes) = random.Next(_isTame ? 4 : 12) switch
        {
            0 or 1 or 8 or 9 => ("redis.call('publish', 'obs', ARGV[2]); redis.call('set', KEYS[1], ARGV[1]); return ARGV[1]", true),
            2 => ("redis.call('set', KEYS[1], ARGV[1]); return ARGV[1]", true),
            3 when !_isTame => ("return redis.error_reply('READONLY from a script')", false),
            4 => ("return redis.error_reply('LOADING from a script')", false),
            5 => ("return redis.error_reply('ERR max number of clients reached')", false),
            6 => ("redis.call('publish', 'obs', ARGV[2]); return redis.error_reply('UNBLOCKED force unblock from a script')", true),
            7 when random.Next(3) == 0 => ("local t = {} for i = 1, 200 do t = {t} end return t", false),
            _ => ("return {1, {2, ARGV[1]}, false}", false),
        };
        string name = !writes && !_isTame && random.Next(3) == 0 ? "EVAL_RO" : "EVAL";
        string key = writes ? "k" + token : "f1";
        return FuzzRequest.Of(RequestNature.Nested, name, body, "1", key, "v" + token, token) with { Token = token };
    }

    private FuzzRequest Publishing()
    {
        string token = Token();
        const string Body = "redis.call('publish', 'obs', ARGV[2]); redis.call('set', KEYS[1], ARGV[1]); return ARGV[1]";
        return FuzzRequest.Of(RequestNature.Nested, "EVAL", Body, "1", "k" + token, "v" + token, token) with { Token = token };
    }

    /// <summary>What redis refuses or ignores, and what looks like something else.</summary>
    public IEnumerable<FuzzRequest> Mistake() => random.Next(12) switch
    {
        0 => [FuzzRequest.Of("GET")],
        1 => [FuzzRequest.Of("NONSENSE", "a", "b")],
        2 => [State("SELECT", Pick("+1", "01", "-0", "99", "abc", "", " 1"))],
        3 => [State("AUTH", Pick("low", "mid", "nobody"), "wrong")],
        4 => [State("HELLO", Pick("4", "x", "+3", "03"))],
        5 => [State("HELLO", "3", Pick("FOO", "AUTH", "SETNAME"))],
        6 => [FuzzRequest.Of(Pick("MULTI", "EXEC", "DISCARD"), "x")],
        7 => [Odd("CLIENT", "REPLY", Pick("OFF", "SKIP", "ON"), "x")],
        8 => [FuzzRequest.Of("CLIENT", "SETNAME", "a b")],
        9 => [Nothing()],
        10 => [Odd("SUBSCRIBE")],
        _ => [FuzzRequest.Of("CLIENT", Pick("NONSENSE", "TRACKING", "CACHING"), Pick("MAYBE", "YES"))],
    };

    private static FuzzRequest Odd(params string[] words) => FuzzRequest.Of(RequestNature.IsOdd, words);

    public static FuzzRequest State(params string[] words) => FuzzRequest.Of(
        RequestNature.ChangesState | (words[0].EndsWith("SUBSCRIBE", StringComparison.Ordinal) ? RequestNature.IsOdd : 0), words);

    private static FuzzRequest Reply(string mode) => FuzzRequest.Of(
        RequestNature.ChangesState | RequestNature.IsOdd, "CLIENT", "REPLY", mode);

    private static FuzzRequest Hello3() => State("HELLO", "3");

    private static FuzzRequest Of(params string[] words) => FuzzRequest.Of(RequestNature.Blocks, words);

    private FuzzRequest[] Reset()
    {
        _isInTransaction = false;
        return [FuzzRequest.Of(RequestNature.ChangesState | RequestNature.EndsWatch | RequestNature.IsOdd, "RESET")];
    }

    private FuzzRequest Nothing() => FuzzRequest.Raw(Pick("\r\n", "*0\r\n", "\n", "*-1\r\n", "  \r\n"));

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    public string Token() => string.Create(CultureInfo.InvariantCulture, $"_{name}.{_next++}_");
}
