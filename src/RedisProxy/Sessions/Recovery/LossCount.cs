namespace RedisProxy.Sessions;

/// <summary>
/// How often requests that only read were lost with their backends. Such a request is sent again, but not for ever: it may itself be what
/// makes the server cut the connection (a reply over the limit of the output buffer) or crash, and is not carried from one master to the
/// next. After the second loss at one master, or the third in all, the session ends, as the connection of a direct client would have.
/// </summary>
internal sealed class LossCount
{
    // A read that meets an announced failover is lost once with the old master, and once more when Sentinel ends all connections of the new
    // one (CLIENT KILL TYPE normal goes with the promotion). The third time it is the read that ends them.
    private const int MaxLosses = 2;

    private long _link;

    // Of the links with which something was lost: the last one, and the one before.
    private long _generation = -1;
    private long _previousGeneration = -1;

    public bool IsTooHigh { get; private set; }

    /// <summary>A link is lost.</summary>
    public void Begin(BackendLink link)
    {
        _previousGeneration = _generation;
        _link = link.Generation;
    }

    /// <summary>One of its requests will be sent again.</summary>
    public void Add(ref PendingRequest request)
    {
        // What is looked into touches nothing but its connection. It is counted all the same: it was sent.
        bool isRead = !request.Traits.NeedsInspection;
        IsTooHigh |= isRead && (request.Losses == MaxLosses || (request.Losses > 0 && _previousGeneration == _link));
        request.Losses = (byte)Math.Min(request.Losses + 1, byte.MaxValue);
        _generation = isRead ? _link : _generation;
    }
}
