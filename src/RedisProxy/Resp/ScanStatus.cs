namespace RedisProxy.Resp;

/// <summary>Result of a scan. "Incomplete" is a value and not an exception: it is the usual end of a burst.</summary>
internal enum ScanStatus : byte
{
    /// <summary>The input ended inside a message or between two; continue with the next bytes.</summary>
    NeedMore,

    /// <summary>One message ended at the consumed byte.</summary>
    Complete,

    /// <summary>The framing is broken. The scanner must not be used any more.</summary>
    Error,
}
