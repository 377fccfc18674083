namespace RedisProxy.Resp;

/// <summary>Limits of framing. Each is redis's own default or stricter.</summary>
internal static class RespLimits
{
    /// <summary>Redis: PROTO_INLINE_MAX_SIZE.</summary>
    public const int MaxInlineBytes = 64 * 1024;

    /// <summary>Arguments of one request. Redis's limit until 6.2; INT_MAX since.</summary>
    public const int MaxMultibulkElements = 1024 * 1024;

    /// <summary>Redis: the default of <c>proto-max-bulk-len</c>.</summary>
    public const long MaxBulkBytes = 512L * 1024 * 1024;

    /// <summary>
    /// Levels of arrays, maps, sets and attributes in one relayed reply. A Lua table that contains itself is half as deep: redis's Lua
    /// stack ends at about 8,000, and the output so far is followed by an error.
    /// </summary>
    public const int MaxReplyDepth = 16 * 1024;

    /// <summary>Levels of a reply that is read recursively as a tree: by the control plane, which requests flat data.</summary>
    public const int MaxTreeDepth = 128;

    /// <summary>
    /// Replies come from a trusted peer and stream through in constant memory, so only nonsense is refused: longer lengths do not exist.
    /// </summary>
    public const int MaxLengthDigits = 18;
}
