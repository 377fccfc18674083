namespace RedisProxy.Sessions;

/// <summary>Waits until the view may be acted upon again, see <see cref="ViewLease"/>.</summary>
internal interface ILeaseWaiter
{
    /// <summary>There may be something to receive from the client or to send to the backend.</summary>
    void WakeRequests();

    /// <summary>There may be something to send to the client.</summary>
    void WakeReplies();
}
