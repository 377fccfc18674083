namespace RedisProxy.Tests.Simulation;

internal enum FailoverCause
{
    Planned,
    Crash,
    Freeze,
}

/// <summary>A failover that happened.</summary>
/// <param name="Cause">Why.</param>
/// <param name="Old">The master before.</param>
/// <param name="New">The master since.</param>
/// <param name="BeganUs">When it was asked for, or the old master was lost.</param>
internal sealed record FailoverFact(FailoverCause Cause, SimulatedRedis Old, SimulatedRedis New, long BeganUs)
{
    public long PromotedUs { get; set; } = long.MaxValue;

    /// <summary>The proxy has had the time to see the new master as a replica: it looks about once a second.</summary>
    public bool IsObservable { get; set; }

    /// <summary>The proxy hears the leader, and heeds it. Then nothing that it acknowledges on the way may be lost.</summary>
    public bool IsGuarded { get; set; }
}

/// <summary>
/// The Sentinels of a deployment, and what they do in a failover, with the times and the order of events measured on real ones. They
/// agree with each other as they do in reality: the leader first, the others when they hear of it, one in the minority much later.
/// </summary>
internal sealed class SentinelGroup
{
    private readonly World _world;
    private readonly long _downAfterUs;
    private long _epoch = 1;
    private SimulatedRedis? _chosen;
    private bool _isMasterLost;

    public SentinelGroup(World world, IReadOnlyList<SimulatedRedis> nodes)
    {
        _world = world;
        Nodes = nodes;
        Master = nodes[0];

        // Now and then longer than a request is held.
        _downAfterUs = world.Chance(90) ? world.Between(300_000, 1_500_000) : world.Between(3_000_000, 6_000_000);
        Sentinels = [.. Enumerable.Range(1, world.Chance(80) ? 3 : 5).Select(number => new SimulatedSentinel(world, number, Master))];
    }

    public IReadOnlyList<SimulatedRedis> Nodes { get; }

    public IReadOnlyList<SimulatedSentinel> Sentinels { get; }

    /// <summary>By the newest promotion.</summary>
    public SimulatedRedis Master { get; private set; }

    public List<FailoverFact> Failovers { get; } = [];

    /// <summary>One that takes part in nothing until it hears of it late, and goes on to name the old master; null: none.</summary>
    public SimulatedSentinel? Minority { get; set; }

    /// <summary>A failover is possible, and there is a Sentinel to lead it even if one takes part in nothing.</summary>
    public bool IsReady => Master.IsHealthy && Sentinels.Count(one => one.Described == Master) > 1
        && BestReplica() is not null;

    /// <summary>What becomes of replicas.</summary>
    public ReplicaWeather? Weather { get; set; }

    /// <summary>All are where they belong.</summary>
    public bool IsSettled => Master.IsHealthy && Nodes.All(node => node == Master || (node.IsInSync && node.Master == Master))
        && Sentinels.All(sentinel => sentinel.IsReachable && sentinel.Described == Master && sentinel.Master == Master);

    public async Task FailOverPlannedAsync(bool isHeard)
    {
        SimulatedRedis best = await ChooseAsync();
        SimulatedSentinel leader = PickLeader();
        leader.IsReachable &= isHeard;
        var fact = new FailoverFact(FailoverCause.Planned, Master, best, _world.NowUs);
        _world.Note("planned failover", fact.Old.Number, fact.New.Number);
        leader.Flag("failover_in_progress", true);
        leader.PublishAbout("+try-failover", fact.Old);
        await _world.PauseMs(20, 120);
        await PromoteAsync(leader, fact);
    }

    /// <summary>It begins like a planned one and is given up before anybody is promoted.</summary>
    public async Task AbortAsync()
    {
        SimulatedRedis replica = await ChooseAsync();
        SimulatedSentinel leader = PickLeader();
        _epoch++;
        leader.Flag("failover_in_progress", true);
        leader.PublishAbout("+try-failover", Master);
        await _world.PauseMs(20, 120);
        leader.PublishAboutReplica("+failover-state-send-slaveof-noone", replica, Master);
        await _world.PauseMs(100, 1500);
        leader.Flag("failover_in_progress", false);
        leader.PublishAbout("-failover-abort-slave-timeout", Master);
        _chosen = null;
    }

    /// <summary>The master is lost, is found out, and is replaced. It comes back some time later and is told whom to follow.</summary>
    public async Task FailOverLostAsync(bool isCrash)
    {
        SimulatedRedis old = Master;
        long beganUs = _world.NowUs;
        _isMasterLost = true;
        Weather?.EndAll();
        _world.Note("unplanned failover", old.Number);
        Lose(old, isCrash);
        foreach (SimulatedSentinel sentinel in Sentinels)
        {
            _world.After(_downAfterUs + _world.Between(0, 150_000), () => SayDown(sentinel, old));
        }

        await _world.PauseUs(_downAfterUs + 160_000, _downAfterUs + 250_000);
        SimulatedSentinel leader = PickLeader();
        leader.Flag("o_down", true);
        leader.PublishAbout("+odown", old);
        await _world.PauseMs(20, 600);
        leader.Flag("failover_in_progress", true);
        leader.PublishAbout("+try-failover", old);
        await _world.PauseMs(20, 120);
        var fact = new FailoverFact(isCrash ? FailoverCause.Crash : FailoverCause.Freeze, old, await ChooseAsync(), beganUs);
        _ = ComeBackAsync(old, isCrash, _world.Between(0, 4_000_000));
        await PromoteAsync(leader, fact);
    }

    /// <summary>It is lost and comes back before anybody does anything about it.</summary>
    public async Task StumbleAsync(bool isCrash)
    {
        SimulatedRedis master = Master;
        Lose(master, isCrash);
        await _world.PauseUs(10_000, _downAfterUs - 50_000);
        Find(master, isCrash);
    }

    private static void Lose(SimulatedRedis node, bool isCrash)
    {
        if (isCrash)
        {
            node.Crash();
        }
        else
        {
            node.Freeze(true);
        }
    }

    private static void Find(SimulatedRedis node, bool isCrash)
    {
        if (isCrash)
        {
            node.Restart();
        }
        else
        {
            node.Freeze(false);
        }
    }

    private SimulatedSentinel PickLeader() => _world.Pick([.. Sentinels.Where(one => one != Minority && one.Described == Master)]);

    /// <summary>It is a replica that may fall behind now.</summary>
    public bool MayLag(SimulatedRedis node) => node is { IsInSync: true, IsHealthy: true } && node != _chosen && !_isMasterLost;

    private SimulatedRedis? BestReplica() =>
        Nodes.Where(node => node is { IsInSync: true, IsHealthy: true, IsPrompt: true } && node.Master == Master)
            .MaxBy(node => (node.Offset, -node.Number));

    private async Task<SimulatedRedis> ChooseAsync()
    {
        while (BestReplica() is null)
        {
            await _world.PauseMs(10, 30);
        }

        return _chosen = BestReplica()!;
    }

    private static void SayDown(SimulatedSentinel sentinel, SimulatedRedis node)
    {
        if (sentinel.Described == node && !node.IsHealthy)
        {
            sentinel.Flag("s_down", true);
            sentinel.PublishAbout("+sdown", node);
        }
    }

    private async Task PromoteAsync(SimulatedSentinel leader, FailoverFact fact)
    {
        long epoch = ++_epoch;
        fact.IsGuarded = leader.IsReachable;
        leader.PublishAboutReplica("+failover-state-send-slaveof-noone", fact.New, fact.Old);
        await _world.PauseMs(50, 110);
        fact.IsGuarded &= leader.IsReachable;
        leader.PublishAboutReplica("+failover-state-wait-promotion", fact.New, fact.Old);
        await _world.PauseUs(30, 400);
        fact.PromotedUs = _world.NowUs;
        fact.IsObservable = _world.NowUs - fact.New.AwakeUs > 1_200_000;
        Failovers.Add(fact);
        Master = fact.New;
        (_chosen, _isMasterLost) = (null, false);
        fact.New.Promote();
        if (_world.Chance(30))
        {
            _world.After(_world.Between(100, 30_000), fact.New.KillClients);
        }

        await _world.PauseMs(20, 900);
        leader.Master = fact.New;
        leader.Epoch = epoch;
        leader.PublishAboutReplica("+promoted-slave", fact.New, fact.Old);
        Spread(leader, fact, epoch);
        if (fact.Cause == FailoverCause.Planned)
        {
            _ = DemoteAsync(fact.Old, _world.Between(500_000, 10_000_000));
        }

        await _world.PauseMs(500, 1400);
        SwitchTo(leader, fact.New, epoch);
    }

    private void Spread(SimulatedSentinel leader, FailoverFact fact, long epoch)
    {
        foreach (SimulatedRedis node in Nodes.Where(node => node != fact.Old && node != fact.New))
        {
            _world.After(_world.Between(20_000, 300_000), () =>
            {
                if (Master == fact.New)
                {
                    node.Follow(fact.New);
                }
            });
        }

        foreach (SimulatedSentinel sentinel in Sentinels.Where(one => one != leader))
        {
            long delayUs = sentinel == Minority ? _world.Between(2_000_000, 8_000_000) : _world.Between(200_000, 1_000_000);
            _world.After(delayUs, () => SwitchTo(sentinel, fact.New, epoch));
        }
    }

    private static void SwitchTo(SimulatedSentinel sentinel, SimulatedRedis master, long epoch)
    {
        // The leader knows the epoch before it switches.
        if (sentinel.Epoch < epoch || (sentinel.Epoch == epoch && sentinel.Described != master))
        {
            sentinel.PublishAbout("+config-update-from", sentinel.Described);
            sentinel.Switch(master, epoch);
        }
    }

    private async Task ComeBackAsync(SimulatedRedis node, bool isCrash, long afterUs)
    {
        await _world.PauseUs(afterUs, afterUs);
        Find(node, isCrash);
        await DemoteAsync(node, _world.Between(500_000, 8_000_000));
    }

    /// <summary>Late, an old master is told that it is none.</summary>
    private async Task DemoteAsync(SimulatedRedis old, long afterUs)
    {
        await _world.PauseUs(afterUs, afterUs);
        while (old != Master && old.IsMaster)
        {
            if (old.IsHealthy && Master.IsHealthy)
            {
                old.Follow(Master);
            }

            await _world.PauseMs(200, 400);
        }
    }
}
