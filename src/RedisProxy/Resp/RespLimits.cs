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

    /// <summary>Levels of arrays, maps and sets in one reply.</summary>
    public const int MaxReplyDepth = 128;

    /// <summary>
    /// Replies come from a trusted side and stream through without memory, so only nonsense is refused: no length has more digits.
    /// </summary>
    public const int MaxLengthDigits = 18;
}
