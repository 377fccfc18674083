namespace RedisProxy.Tests.Simulation;

/// <summary>
/// What one client connection is told without asking, and the judge of it: each message is whole, is of its channel and comes once, and
/// what the client keeps of what it has read is what the master has.
/// </summary>
internal sealed class Mailbox(World world, History history, int client)
{
    private readonly Dictionary<string, long> _subscribedAtUs = [];
    private readonly Dictionary<string, (int Db, string Value)> _cache = [];
    private readonly HashSet<long> _heard = [];
    private readonly HashSet<string> _channels = [];

    public bool IsSubscribed => _subscribedAtUs.Count > 0;

    /// <summary>CLIENT TRACKING is on.</summary>
    public bool Tracks { get; set; }

    /// <summary>The right answer to the next SUBSCRIBE, if it is to that channel.</summary>
    public string ConfirmationOf(string channel, int protocol)
    {
        int count = _channels.Contains(channel) ? _channels.Count : _channels.Count + 1;
        return RedisPushes.Confirmation(channel, count, protocol);
    }

    public void OnSubscribed(string channel)
    {
        _channels.Add(channel);
        _subscribedAtUs.TryAdd(channel, world.NowUs);
    }

    public void OnRead(int db, string key, string value)
    {
        if (Tracks)
        {
            _cache[key] = (db, value);
        }
    }

    public void OnReset()
    {
        Tracks = false;
        _cache.Clear();
    }

    /// <returns>False: it is an answer.</returns>
    public bool TryTake(string value, int protocol)
    {
        string[] parts = value.Split("\r\n");
        if (value[0] == '>' && parts[2] == "invalidate")
        {
            Forget(parts);
            return true;
        }

        bool mayBeMessage = value[0] == '>' || (protocol == 2 && IsSubscribed);
        if (!mayBeMessage || parts is not ["*3" or ">3", _, "message", _, var channel, _, var word, ""])
        {
            return false;
        }

        bool isRight = value == RedisPushes.Message(channel, word, protocol) && _channels.Contains(channel)
            && history.Find(word) is { Executions: 1 } fate && fate.Key == channel && _heard.Add(fate.Tag);
        if (!isRight)
        {
            world.Violate($"client {client} was told what it should not be: {string.Join(' ', parts)}");
        }

        return true;
    }

    /// <summary>All is well, and has been for a while: what was published since then was heard, and what was read is true.</summary>
    public void CheckAtLast(SimulatedRedis master, long sinceUs)
    {
        foreach ((string key, (int db, string value)) in _cache)
        {
            string now = Conversation.BulkOf(master.Data.ReadText(db, key));
            if (value != now)
            {
                world.Violate($"client {client} was not told that {key} of db {db} has changed to {now.Trim()}");
            }
        }

        foreach (WriteFate fate in history.Fates.Where(fate => fate.Executions == 1 && fate.Node == master && fate.ExecutedAtUs > sinceUs))
        {
            if (_subscribedAtUs.TryGetValue(fate.Key, out long atUs) && atUs < fate.ExecutedAtUs && !_heard.Contains(fate.Tag))
            {
                world.Violate($"client {client} has not heard {fate}");
            }
        }
    }

    private void Forget(string[] parts)
    {
        if (parts[3] == "_")
        {
            _cache.Clear();
        }
        else
        {
            _cache.Remove(parts[5]);
        }
    }
}
