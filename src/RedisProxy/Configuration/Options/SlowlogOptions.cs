namespace RedisProxy.Configuration;

/// <summary><c>slowlog</c>: requests that the server took long to answer, for <c>RedisProxy slowlog</c>.</summary>
internal sealed record SlowlogOptions
{
    /// <summary>
    /// <c>threshold</c>: time from a request's dispatch to a server until its reply is read, from which on it is kept; the last 128 of each
    /// listener and event loop are. Blocking commands are not. 0: none.
    /// </summary>
    public TimeSpan Threshold { get; init; } = TimeSpan.FromMilliseconds(100);
}
