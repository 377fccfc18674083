namespace RedisProxy.EventLoops;

/// <summary>
/// One callback at one time on one loop. Created once by its user and armed as often as needed; arming and disarming allocate
/// nothing. Only the loop's own thread touches it.
/// </summary>
internal sealed class LoopTimer(Action<object> callback, object state)
{
    internal LoopTimer? Previous { get; set; }

    internal LoopTimer? Next { get; set; }

    internal long DueTick { get; set; }

    public bool IsArmed { get; internal set; }

    internal void Fire() => callback(state);
}
