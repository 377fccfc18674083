using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Slows down reconnects to a master that accepts a session's connections but never replies on them (too many clients). A single time
/// does not count: Sentinel ends all connections of a promoted node.
/// </summary>
internal struct ConnectBackoff
{
    private const int FirstPauseMs = 50;
    private const int MaxPauseMs = 1000;

    private int _fruitless;
    private long _generation;

    public void OnLost(BackendLink link, long nowMs)
    {
        bool wasFruitless = !link.HasReplied && nowMs - link.OpenedAtMs < MaxPauseMs;
        _fruitless = wasFruitless ? _fruitless + 1 : 0;
        _generation = link.Generation;
    }

    /// <summary>Delay before the next attempt.</summary>
    public readonly int PauseMs(TopologyView view) =>
        _fruitless > 1 && view.IsCurrent(_generation) ? Math.Min(MaxPauseMs, FirstPauseMs << Math.Min(_fruitless, 8)) : 0;
}
