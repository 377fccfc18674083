namespace RedisProxy.Tests.Simulation;

/// <summary>
/// Replicas that fall behind and freeze, at random and for a while. What a replica has confirmed must not be lost with a single fault, so
/// when the master is lost, every replica is there; and Sentinels do not choose one that is behind while the master is alive.
/// </summary>
internal sealed class ReplicaWeather(World world, SentinelGroup group)
{
    private readonly Dictionary<SimulatedRedis, (bool IsFrozen, int Number)> _lags = [];
    private int _number;
    private bool _isOver;

    public async Task RunAsync()
    {
        while (!_isOver)
        {
            await world.PauseMs(50, 1500);
            SimulatedRedis node = world.Pick(group.Nodes);
            if (!_isOver && group.MayLag(node) && !_lags.ContainsKey(node))
            {
                Begin(node, isFrozen: world.Chance(40));
            }
        }
    }

    /// <summary>The sun shines until the end.</summary>
    public void Stop()
    {
        _isOver = true;
        EndAll();
    }

    public void EndAll()
    {
        foreach (SimulatedRedis node in _lags.Keys.ToArray())
        {
            End(node);
        }
    }

    private void Begin(SimulatedRedis node, bool isFrozen)
    {
        int number = ++_number;
        _lags[node] = (isFrozen, number);
        world.Note(isFrozen ? "is stopped" : "falls behind", node.Number);
        node.IsSlow = true;
        if (isFrozen)
        {
            node.Freeze(true);
        }

        world.After(world.Between(5_000, 900_000), () =>
        {
            if (_lags.TryGetValue(node, out (bool, int Number) lag) && lag.Number == number)
            {
                End(node);
            }
        });
    }

    private void End(SimulatedRedis node)
    {
        _lags.Remove(node, out (bool IsFrozen, int) lag);
        node.IsSlow = false;
        if (lag.IsFrozen)
        {
            node.Freeze(false);
        }
    }
}
