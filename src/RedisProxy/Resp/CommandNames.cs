namespace RedisProxy.Resp;

/// <summary>The names behind <see cref="CommandTable"/>. A command is in one list only.</summary>
internal static class CommandNames
{
    /// <summary>
    /// Flag <c>readonly</c>, and commands that have no effect at all (ECHO, INFO, MEMORY, OBJECT, PING, PUBSUB, ROLE, TIME, XINFO…).
    /// Without XREAD, which may block and is inspected.
    /// </summary>
    public const string Reads =
        "arcount arget argetrange argrep arinfo arlastitems arlen armget arnext arop arscan bitcount bitfield_ro bitpos "
        + "clusterscan command dbsize digest dump echo exists expiretime geodist geohash geopos "
        + "georadius_ro georadiusbymember_ro geosearch get getbit getrange hexists hexpiretime hget hgetall hkeys hlen hmget "
        + "hpexpiretime hpttl hrandfield hscan hstrlen httl hvals info keys lastsave lcs lindex llen lolwut lpos lrange memory "
        + "mget object pexpiretime pfcount ping pttl pubsub randomkey role scan scard sdiff sdiffcard sinter sintercard "
        + "sismember smembers smismember sort_ro srandmember sscan strlen substr sunion sunioncard time touch ttl type vcard "
        + "vdim vemb vgetattr vinfo vismember vlinks vrandmember vrange vsim xinfo xlen xpending xrange xrevrange zcard zcount "
        + "zdiff zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex "
        + "zrevrangebyscore zrevrank zscan zscore zunion";

    /// <summary>Writes that are known to concern data and nothing else. Further ones are treated alike, but not on a shared link.</summary>
    public const string Writes =
        "append bitfield bitop copy decr decrby del delex expire expireat flushall flushdb geoadd georadius georadiusbymember "
        + "geosearchstore getdel getex getset hdel hexpire hexpireat hgetdel hgetex hincrby hincrbyfloat hmset hpersist hpexpire "
        + "hpexpireat hset hsetex hsetnx incr incrby incrbyfloat linsert lmove lmpop lpop lpush lpushx lrem lset ltrim move mset msetex "
        + "msetnx persist pexpire pexpireat pfadd pfmerge psetex publish rename renamenx restore rpop rpoplpush rpush rpushx sadd "
        + "sdiffstore set setbit setex setnx setrange sinterstore smove sort spop spublish srem sunionstore unlink xack xackdel xadd "
        + "xautoclaim xclaim xdel xdelex xgroup xtrim zadd zdiffstore zincrby zinterstore zmpop zpopmax zpopmin zrangestore zrem "
        + "zremrangebylex zremrangebyrank zremrangebyscore zunionstore";

    /// <summary>Writes that may wait for other clients.</summary>
    public const string Blocking = "blmove blmovem blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin xreadgroup";

    /// <summary>Writes that run other commands, or code that may.</summary>
    public const string Nested = "eval evalsha fcall tfcall tfcallasync";

    /// <summary>Reads that run other commands.</summary>
    public const string NestedReads = "eval_ro evalsha_ro fcall_ro";

    /// <summary>
    /// Called reads by the modules that bring them, but not to be repeated: they consume a cursor, or run arbitrary code.
    /// </summary>
    public static bool IsNeverRepeated(string name) => name is "ft.cursor" || RunsCode(name);

    /// <summary>Commands of modules, including those in <see cref="Nested"/>.</summary>
    public static bool RunsCode(string name) => name is "tfcall" or "tfcallasync" || name.StartsWith("rg.", StringComparison.Ordinal);

    /// <summary>SCRIPT DEBUG concerns the connection that it is sent on.</summary>
    public static bool MayLeaveSomething(string name) => name == "script";

    public static readonly (string Name, CommandKind Kind, CommandFlags Flags)[] Special =
    [
        ("auth", CommandKind.Auth, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("hello", CommandKind.Hello, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("select", CommandKind.Select, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("client", CommandKind.Client, CommandFlags.None),
        ("himport", CommandKind.HashImport, CommandFlags.None),
        ("readonly", CommandKind.ReadOnly, CommandFlags.Resendable),
        ("readwrite", CommandKind.ReadWrite, CommandFlags.Resendable),
        ("reset", CommandKind.Reset, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("multi", CommandKind.Multi, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("exec", CommandKind.Exec, CommandFlags.Nested | CommandFlags.LeavesNothing),
        ("discard", CommandKind.Discard, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("watch", CommandKind.Watch, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("unwatch", CommandKind.Unwatch, CommandFlags.Resendable | CommandFlags.LeavesNothing),
        ("subscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("psubscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("ssubscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("unsubscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("punsubscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("sunsubscribe", CommandKind.Subscribe, CommandFlags.Resendable),
        ("monitor", CommandKind.Monitor, CommandFlags.None),
        ("sync", CommandKind.Replication, CommandFlags.None),
        ("psync", CommandKind.Replication, CommandFlags.None),
        ("replconf", CommandKind.Replication, CommandFlags.None),
        ("xread", CommandKind.XRead, CommandFlags.Blocking | CommandFlags.LeavesNothing),
        ("wait", CommandKind.Wait, CommandFlags.Resendable | CommandFlags.Blocking | CommandFlags.LeavesNothing),
        ("waitaof", CommandKind.WaitAof, CommandFlags.Resendable | CommandFlags.Blocking | CommandFlags.LeavesNothing),
        ("debug", CommandKind.Debug, CommandFlags.None),
        ("asking", CommandKind.Asking, CommandFlags.None),
        ("quit", CommandKind.Quit, CommandFlags.Resendable),
        ("post", CommandKind.CrossProtocol, CommandFlags.None),
        ("host:", CommandKind.CrossProtocol, CommandFlags.None),
    ];
}
