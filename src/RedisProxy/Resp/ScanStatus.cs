namespace RedisProxy.Resp;

/// <summary>What a scanner found. "Incomplete" is a value and not an exception: it is the usual end of a burst.</summary>
internal enum ScanStatus : byte
{
    /// <summary>The input ended inside a message (or between two); go on with the next bytes.</summary>
    NeedMore,

    /// <summary>One message ended at the consumed byte.</summary>
    Complete,

    /// <summary>The bytes are not strictly framed. The scanner must not be used any more.</summary>
    Error,
}
