namespace RedisProxy.Sessions;

/// <summary>
/// Counts how often a read was lost with its backend. Such a request is sent again, but not forever: it may itself make the server cut
/// the connection (a reply over the output buffer limit) or crash, and must not be carried from one master to the next. After the second
/// loss at one master, or the third in all, the session ends, as the connection of a direct client would have.
/// </summary>
internal sealed class LossCount
{
    // A read that meets an announced failover is lost once with the old master, and again when Sentinel ends all connections of the new
    // one (CLIENT KILL TYPE normal is part of the promotion). At the third loss, the read is the likely cause.
    private const int MaxLosses = 2;

    private long _link;

    // Generations of the last link with a loss, and of the one before.
    private long _generation = -1;
    private long _previousGeneration = -1;

    public bool IsTooHigh { get; private set; }

    /// <summary>A link is lost.</summary>
    public void Begin(BackendLink link)
    {
        _previousGeneration = _generation;
        _link = link.Generation;
    }

    /// <summary>One of the link's requests will be sent again.</summary>
    public void Add(ref PendingRequest request)
    {
        // An inspected request touches nothing but its connection. The loss is counted all the same: it was sent.
        bool isRead = !request.Traits.NeedsInspection;
        IsTooHigh |= isRead && (request.Losses == MaxLosses || (request.Losses > 0 && _previousGeneration == _link));
        request.Losses = (byte)Math.Min(request.Losses + 1, byte.MaxValue);
        _generation = isRead ? _link : _generation;
    }
}
