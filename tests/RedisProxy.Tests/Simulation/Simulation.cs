using RedisProxy.Configuration;
using RedisProxy.Sessions;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One run: a master and two replicas, three or five Sentinels, the proxy between them and a few clients, some failovers, and then
/// peace, in which everything has to come right. All chance is the seed's.
/// </summary>
internal sealed class Simulation : IDisposable
{
    private const long MaxVirtualUs = 600_000_000;
    /// <summary>After that, idle sessions have moved, too, and all that was said has arrived.</summary>
    private const long PeaceMs = 7_000;

    private const long MaxIterations = 300_000;

    private readonly World _world;
    private readonly History _history;
    private readonly SentinelGroup _group;
    private readonly SimulatedProxy _proxy;
    private readonly List<SimulatedClient> _clients = [];
    private readonly List<long> _uselessPausesUs = [];
    private long _lost;

    private Simulation(int seed, Features features, bool isRecording)
    {
        _world = new World(seed, isRecording);
        _history = new History(_world)
        {
            SharesLinks = features.HasFlag(Features.SharedLinks),
            Durable = features.HasFlag(Features.Durable) ? AnyDurability() : null,
            TakesOver = features.HasFlag(Features.TakeOvers),
        };
        SimulatedRedis[] nodes = [.. Enumerable.Range(1, 3).Select(number => new SimulatedRedis(_world, number, _history))];
        _group = new SentinelGroup(_world, nodes);
        nodes[1].Follow(nodes[0]);
        nodes[2].Follow(nodes[0]);
        _group.Weather = _history.Durable is null ? null : new ReplicaWeather(_world, _group);
        _proxy = new SimulatedProxy(_world, _group, _history);
        for (int number = (int)_world.Between(2, 5); number > 0; number--)
        {
            _clients.Add(new SimulatedClient(_world, _proxy, _history, number));
        }
    }

    /// <param name="seed">Of all chance.</param>
    /// <param name="features">What it has beyond the ordinary.</param>
    /// <param name="isRecording">It is told in words.</param>
    public static SimulationResult Run(int seed, Features features = Features.None, bool isRecording = false)
    {
        using var simulation = new Simulation(seed, features, isRecording);
        return simulation.Run();
    }

    public void Dispose() => _proxy.Dispose();

    private SimulationResult Run()
    {
        Task script = PlayToTheEndAsync();
        while (!script.IsCompleted && _world.Violation is null)
        {
            _proxy.Loop.RunOnce();
            if (_world.NowUs > MaxVirtualUs || _proxy.Loop.Iteration > MaxIterations)
            {
                _world.Violate("it does not come to an end");
            }
        }

        if (script.Exception is { } fault)
        {
            _world.Violate($"a fault of the simulation: {fault.InnerException}");
        }

        TellWhySessionsEnded();
        return new SimulationResult
        {
            Seed = _world.Seed,
            Hash = _world.Hash,
            Violation = _world.Violation,
            Story = _world.Story(),
            Failovers = _group.Failovers.Count,
            Answers = _clients.Sum(one => one.Answered),
            Unknown = Count(counters => counters.ProxyReplies[(int)Outcome.Unknown]),
            NotExecuted = Count(counters => counters.ProxyReplies[(int)Outcome.NotExecuted]),
            Unconfirmed = Count(counters => counters.ProxyReplies[(int)Outcome.NotConfirmed]),
            Resent = Count(counters => counters.Resent),
            Moves = Count(counters => counters.Dedicated.Sum()),
            Adopted = Count(counters => counters.Adopted),
            InDoubt = Count(counters => counters.Ended[(int)EndCause.StateInDoubt]),
            Lost = _lost,
        };
    }

    private DurableOptions AnyDurability() => new()
    {
        Replicas = _world.Chance(75) ? 1 : 2,
        Timeout = TimeSpan.FromMilliseconds(_world.Between(60, 600)),
        OnTimeout = _world.Chance(80) ? DurableTimeoutAction.Error : DurableTimeoutAction.Disconnect,
    };

    private long Count(Func<SessionCounters, long> what) => _proxy.Counters.Sum(what);

    private async Task PlayToTheEndAsync()
    {
        try
        {
            // From the first turn on, so that all that follows runs inline on the loop's context.
            await _world.PauseUs(0, 0);
            await PlayAsync();
        }
        finally
        {
            _proxy.Kernel.IsOver = true;
        }
    }

    private async Task PlayAsync()
    {
        _proxy.Start();
        _clients.ForEach(client => client.Start());
        _ = _group.Weather?.RunAsync();
        Task takeOvers = _history.TakesOver ? _proxy.TakeOverAsync() : Task.CompletedTask;
        await _world.PauseMs(300, 600);
        for (int left = (int)_world.Between(1, 5); left > 0; left--)
        {
            await UntilAsync(() => _group.IsReady && IsServed, 60_000, "a deployment that is ready for a failover");
            await TroubleAsync();
        }

        _clients.ForEach(client => client.Finish());
        _group.Minority = null;
        _group.Weather?.Stop();
        _proxy.Settle();
        foreach (SimulatedSentinel sentinel in _group.Sentinels)
        {
            sentinel.IsReachable = true;
        }

        await UntilAsync(() => _group.IsSettled && IsServed, 60_000, "a settled deployment");
        await UntilAsync(() => takeOvers.IsCompleted, 10_000, "the end of a take-over");
        await takeOvers;
        await UntilAsync(() => _clients.All(client => client.OpenQuestions == 0), 20_000, "answers to all questions");
        await _world.PauseMs(PeaceMs, PeaceMs);
        long peaceUs = _world.NowUs;
        _history.IsPeace = true;
        _clients.ForEach(client => client.AskOnceMore());
        await UntilAsync(() => _clients.All(client => client.OpenQuestions == 0), 10_000, "answers of the last master");
        await _world.PauseMs(PeaceMs, PeaceMs);
        _clients.ForEach(client => client.CheckAtLast(_group.Master, peaceUs));
        _clients.ForEach(client => client.Leave());
        await UntilAsync(() => _clients.All(client => client.IsGone) && _proxy.Sessions == 0, 10_000, "the end of all sessions");
        if (_history.SharesLinks || _history.Durable is not null)
        {
            await UntilAsync(() => _proxy.Kernel.OpenFds == 0, 80_000, "the end of connections that nobody uses");
        }

        CheckNothingIsLeft();
        _lost = FinalCheck.Run(_world, _group, _history);
    }

    private bool IsServed => _proxy.IsServing(_group.Master);

    /// <summary>One failover, or a false alarm, with whatever else goes wrong around it.</summary>
    private async Task TroubleAsync()
    {
        _clients.ForEach(client => client.IsBusyTime = true);
        _history.TroubleEndsUs.Add(long.MaxValue);
        await _world.PauseMs(50, 400);
        if (_world.Chance(15))
        {
            _ = LoseSentinelAsync();
        }

        _group.Minority = _world.Chance(25) ? _world.Pick(_group.Sentinels) : null;
        int die = _world.Random.Next(100);
        Task trouble = die switch
        {
            < 50 => FailOverAsync(_group.FailOverPlannedAsync(isHeard: _world.Chance(90))),
            < 70 => FailOverAsync(_group.FailOverLostAsync(isCrash: true)),
            < 90 => FailOverAsync(_group.FailOverLostAsync(isCrash: false)),
            < 95 => StumbleAsync(),
            _ => AbortAsync(),
        };
        await UntilAsync(() => trouble.IsCompleted, 60_000, "the end of a failover");
        await trouble;
        await UntilAsync(() => IsServed, 30_000, "a master that is served");
        _history.TroubleEndsUs[^1] = _world.NowUs;
        await _world.PauseMs(50, 600);
        _clients.ForEach(client => client.IsBusyTime = false);
        await _world.PauseMs(0, 500);
    }

    private async Task FailOverAsync(Task failover)
    {
        // Three useless pauses of 3 s are within each Sentinel's budget, and come back over a minute; see PauseBudget.
        bool isHeeded = _uselessPausesUs.Count(at => _world.NowUs - at < 80_000_000) <= 3;
        await failover;
        _group.Failovers[^1].IsGuarded &= isHeeded;
        foreach (SimulatedSentinel sentinel in _group.Sentinels)
        {
            sentinel.IsReachable = true;
        }
    }

    private async Task StumbleAsync()
    {
        await _group.StumbleAsync(_world.Chance(50));
        _uselessPausesUs.Add(_world.NowUs);
    }

    private async Task AbortAsync()
    {
        await _group.AbortAsync();
        _uselessPausesUs.Add(_world.NowUs);
    }

    private async Task LoseSentinelAsync()
    {
        SimulatedSentinel lost = _world.Pick(_group.Sentinels);
        lost.IsReachable = false;
        await _world.PauseMs(200, 3000);
        lost.IsReachable = true;
    }

    private async Task UntilAsync(Func<bool> condition, long limitMs, string what)
    {
        long deadlineMs = _world.NowMs + limitMs;
        while (!condition())
        {
            if (_world.NowMs > deadlineMs)
            {
                _world.Violate($"no {what} within {limitMs} ms");
            }

            await _world.PauseMs(10, 30);
        }
    }

    private void TellWhySessionsEnded()
    {
        foreach (EndCause cause in Enum.GetValues<EndCause>().Where(cause => Count(counters => counters.Ended[(int)cause]) > 0))
        {
            _world.Tell($"{Count(counters => counters.Ended[(int)cause])} sessions ended: {cause}");
        }

        foreach (PinReason reason in Enum.GetValues<PinReason>().Where(reason => Count(counters => counters.Pinned[(int)reason]) > 0))
        {
            _world.Tell($"{Count(counters => counters.Pinned[(int)reason])} of them pinned: {reason}");
        }
    }

    private void CheckNothingIsLeft()
    {
        bool areAnyLeft = _proxy.Counters.Any(counters => counters.Phases.Any(count => count != 0));
        if (_proxy.Loop.Slabs.InUse != 0 || areAnyLeft || _proxy.Kernel.OpenFds != 0)
        {
            _world.Violate($"left behind: {_proxy.Loop.Slabs.InUse} buffers, {_proxy.Kernel.OpenFds} sockets, {_proxy.Sessions} sessions");
        }
    }
}
