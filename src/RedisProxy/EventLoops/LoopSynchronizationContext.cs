namespace RedisProxy.EventLoops;

/// <summary>
/// Current on a loop's thread, so that an await of something foreign (a task of the control plane) comes back to the loop. Awaits of
/// the loop's own sockets and signals complete on the loop anyway and do not come through here.
/// </summary>
internal sealed class LoopSynchronizationContext(EventLoop loop) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => loop.Post(static boxed =>
    {
        (SendOrPostCallback callback, object? inner) = ((SendOrPostCallback, object?))boxed!;
        callback(inner);
    }, (d, state));

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!loop.IsCurrent)
        {
            throw new NotSupportedException("A loop is never waited for; post instead.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}
