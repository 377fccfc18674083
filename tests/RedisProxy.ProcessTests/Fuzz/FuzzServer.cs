using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// A real redis with users and data that say which database they are in, and somebody who listens to what scripts publish. The same
/// server stands behind both doors, so a switch loses nothing: what is missing afterwards was not executed, what is there twice was
/// executed twice.
/// </summary>
internal sealed class FuzzServer : IAsyncDisposable
{
    /// <summary>What streams write begins so, and with that user's name where only a user may write it.</summary>
    public const string Channel = "obs";

    /// <summary>Of one connection's requests redis takes no more at a time.</summary>
    public const int BytesOfATurn = 16 * 1024;

    private const string FixedData = """
        for db = 0, 3 do
          redis.call('select', db)
          for i = 1, 4 do redis.call('set', 'f' .. i, 'f' .. i .. '@' .. db) end
          redis.call('hset', 'h', 'message', 'h@' .. db, 'other', 'x')
          redis.call('hset', 'hs', 'subscribe', 'hs@' .. db, 'chan-1', 'x')
          redis.call('rpush', 'l', 'message', 'l@' .. db, 'chan-1')
          redis.call('rpush', 'lt', 'a', 'lt@' .. db)
          redis.call('rpush', 'lp', 'pmessage', 'lp@' .. db, 'chan-1', 'x')
          redis.call('set', 'big', string.rep('b' .. db, 40000))
        end
        """;

    // What streams wrote, by database; and it is gone then.
    private const string TakeData = """
        local out = {}
        for db = 0, 3 do
          redis.call('select', db)
          for _, k in ipairs(redis.call('keys', '*')) do
            local c = k:sub(1, 1)
            if c == 'k' or c == 'q' or k:sub(1, 3) == 'low' then
              local t, v = redis.call('type', k).ok, '?'
              if t == 'string' then v = redis.call('get', k); if #v > 64 then v = #v .. v:sub(1, 32) end
              elseif t == 'list' then v = table.concat(redis.call('lrange', k, 0, -1), ',')
              elseif t == 'hash' then v = table.concat(redis.call('hgetall', k), ',') end
              out[#out + 1] = db .. ' ' .. k .. ' ' .. v
              redis.call('del', k)
            end
          end
        end
        return out
        """;

    private readonly RedisServer _server;
    private FuzzConnection? _control;
    private FuzzConnection? _listener;
    private int _rounds;

    private FuzzServer(RedisServer server) => _server = server;

    public int Port => _server.Port;

    public bool IsDemoted { get; private set; }

    public FuzzConnection Control => _control!;

    public static async Task<FuzzServer> StartAsync(string name)
    {
        var server = new FuzzServer(await RedisServer.StartAsync(name: name));
        server._control = new FuzzConnection(server.Port);
        server._listener = new FuzzConnection(server.Port);
        server.Control.Call("ACL", "SETUSER", "low", "on", ">lowpw", "~f*", "~h*", "~l*", "~big", "~low*", "&*", "+@all");
        server.Control.Call("ACL", "SETUSER", "mid", "on", ">midpw", "~*", "&*", "+@all", "-client|setname", "-client|no-evict");
        server.Control.Call("ACL", "SETUSER", "mute", "on", ">mutepw", "~*", "&*", "+@all", "-client|reply");
        server.Control.Call("ACL", "SETUSER", "solo", "on", ">solopw", "~*", "&*", "+@all", "-multi");
        server.Control.Call("CONFIG", "SET", "client-output-buffer-limit", "normal 8388608 0 0");
        server.Control.Call("EVAL", FixedData, "0");
        server._listener.Call("SUBSCRIBE", Channel);
        return server;
    }

    public void Demote(bool isStale)
    {
        Control.Call("CONFIG", "SET", "replica-serve-stale-data", isStale ? "no" : "yes");
        Control.Call("REPLICAOF", "127.0.0.1", "1");
        IsDemoted = true;
    }

    /// <returns>False: that client did not wait.</returns>
    public bool TryEndWait(IPEndPoint address)
    {
        Match client = Regex.Match(Control.Call("CLIENT", "LIST"), $@"\bid=(\d+) addr={Regex.Escape(address.ToString())} ");
        return client.Success && Control.Call("CLIENT", "UNBLOCK", client.Groups[1].Value, "ERROR") == ":1\r\n";
    }

    public void LoseReplicas()
    {
        Control.Call("CONFIG", "SET", "min-replicas-to-write", "1");
        IsDemoted = true;
    }

    public void Promote()
    {
        if (IsDemoted)
        {
            Control.Call("REPLICAOF", "NO", "ONE");
            Control.Call("CONFIG", "SET", "min-replicas-to-write", "0");
            IsDemoted = false;
        }
    }

    /// <summary>All that was sent to other connections before has been executed, and its replies are on their way.</summary>
    public void Fence()
    {
        Control.Call("PING");
        Control.Call("PING");
    }

    /// <summary>Takes what was written ("db key value") and what was published since the last time.</summary>
    public (List<string> Written, List<string> Published) Take()
    {
        Fence();
        string data = Control.Call("EVAL", TakeData, "0");
        Control.Frames.Replies.Clear();

        // The listener hears all that was published before this.
        string end = string.Create(CultureInfo.InvariantCulture, $"end{_rounds++}");
        Control.Call("PUBLISH", Channel, end);
        List<string> heard = _listener!.Frames.Replies;
        while (heard.Count == 0 || !heard[^1].Contains(end, StringComparison.Ordinal))
        {
            _listener.ReceiveUntil(heard.Count + 1);
        }

        List<string> published = [.. heard.Select(static message => Frames.Words(message)[^1]).SkipLast(1)];
        heard.Clear();
        return ([.. Frames.Words(data).Order(StringComparer.Ordinal)], published);
    }

    public async ValueTask DisposeAsync()
    {
        _control?.Dispose();
        _listener?.Dispose();
        await _server.DisposeAsync();
    }
}
