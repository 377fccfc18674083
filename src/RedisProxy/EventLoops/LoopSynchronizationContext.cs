namespace RedisProxy.EventLoops;

/// <summary>
/// Current on a loop's thread, so that an await of a foreign task (one of the control plane) resumes on the loop. Awaits of the loop's
/// own sockets and signals complete on the loop anyway and bypass this context.
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
            throw new NotSupportedException("Nothing may block on a loop; use Post.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}
