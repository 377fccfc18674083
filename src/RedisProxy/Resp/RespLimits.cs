namespace RedisProxy.Resp;

/// <summary>Limits on what is framed. Each is redis's own default or stricter.</summary>
internal static class RespLimits
{
    /// <summary>Redis: PROTO_INLINE_MAX_SIZE.</summary>
    public const int MaxInlineBytes = 64 * 1024;

    /// <summary>Arguments of one request. Redis allowed this much until 6.2, and INT_MAX since.</summary>
    public const int MaxMultibulkElements = 1024 * 1024;

    /// <summary>Redis: the default of <c>proto-max-bulk-len</c>.</summary>
    public const long MaxBulkBytes = 512L * 1024 * 1024;

    /// <summary>
    /// Levels of arrays, maps, sets and attributes in one reply that is passed on. A Lua table that contains itself is half as deep:
    /// redis's Lua stack ends at about 8,000, and what it has sent by then ends in an error.
    /// </summary>
    public const int MaxReplyDepth = 16 * 1024;

    /// <summary>Levels of a reply that is read as a tree, by recursion: to the control plane, which asks for flat things.</summary>
    public const int MaxTreeDepth = 128;

    /// <summary>
    /// Replies come from a trusted side and stream through without memory, so only nonsense is refused: no length has more digits.
    /// </summary>
    public const int MaxLengthDigits = 18;
}
