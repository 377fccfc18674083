using System.Globalization;

namespace RedisProxy.Testing;

/// <summary>
/// A real master with its replicas and Sentinels, on loopback unless configured otherwise. Ready when returned: replicas are in sync, and
/// every Sentinel knows all of them and the other Sentinels.
/// </summary>
public sealed class SentinelDeployment : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    private readonly SentinelDeploymentOptions _options;
    private readonly List<RedisServer> _servers = [];
    private readonly List<SentinelServer> _sentinels = [];
    private SentinelEventLog? _events;
    private (SentinelServer Leader, TimeSpan At)? _order;

    private SentinelDeployment(SentinelDeploymentOptions options) => _options = options;

    public string MasterName => _options.MasterName;

    /// <summary>All redis-servers; the first one starts as the master.</summary>
    public IReadOnlyList<RedisServer> Servers => _servers;

    public IReadOnlyList<SentinelServer> Sentinels => _sentinels;

    public IReadOnlyList<string> SentinelEndpoints => [.. _sentinels.Select(s => s.Endpoint)];

    public SentinelEventLog Events => _events!;

    /// <summary>Null without <see cref="SentinelDeploymentOptions.ReplicationLatency"/>.</summary>
    public FaultRelay? ReplicationRelay { get; private set; }

    public static async Task<SentinelDeployment> StartAsync(SentinelDeploymentOptions? options = null)
    {
        var deployment = new SentinelDeployment(options ?? new SentinelDeploymentOptions());
        try
        {
            await deployment.LaunchAsync();
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>The master according to every Sentinel that answers; null if they differ, or none answers.</summary>
    public async Task<RedisServer?> AgreedMasterAsync()
    {
        int?[] ports = await Task.WhenAll(_sentinels.Where(s => s.IsRunning).Select(s => s.MasterPortAsync(MasterName, AnswerWithin)));
        int[] different = [.. ports.OfType<int>().Distinct()];
        return different.Length == 1 ? _servers.Find(s => s.Port == different[0]) : null;
    }

    /// <summary>
    /// Waits until all Sentinels agree on a master other than <paramref name="old"/>, whose own role is master. A failover that was
    /// ordered, and aborted because a busy machine delayed what replicas say, is ordered again.
    /// </summary>
    /// <exception cref="TimeoutException">They did not in time; the message has the Sentinels' events since the order.</exception>
    public async Task<RedisServer> WaitForMasterAsync(RedisServer? old, TimeSpan within)
    {
        TimeSpan since = _order?.At ?? Events.Now;
        try
        {
            RedisServer? master = await Eventually.Within(
                within,
                async () =>
                {
                    await OrderAgainIfAbortedAsync();
                    return await AgreedMasterAsync() is { } now && now != old && await now.RoleAsync() == "master" ? now : null;
                },
                found => found is not null,
                old is null ? "all Sentinels agree on a master" : $"all Sentinels agree on another master than {old}");
            _order = null;
            return master!;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The Sentinels' events:\n{string.Join('\n', Events.Since(since))}", e);
        }
    }

    /// <summary><c>SENTINEL FAILOVER</c> on one Sentinel, which thereby becomes the leader.</summary>
    /// <returns>When it was accepted, on the clock of <see cref="Events"/>.</returns>
    public async Task<TimeSpan> FailoverAsync(SentinelServer? leader = null)
    {
        TimeSpan before = Events.Now;
        leader ??= _sentinels[0];
        RedisServer.Expect(await leader.CallAsync("SENTINEL", "FAILOVER", MasterName), "SENTINEL FAILOVER");
        _order = (leader, before);
        return before;
    }

    private async Task OrderAgainIfAbortedAsync()
    {
        if (_order is { } order
            && Events.Since(order.At).Any(e => e.Sentinel == order.Leader && e.IsAbort))
        {
            TimeSpan again = Events.Now;
            if ((await order.Leader.CallAsync("SENTINEL", "FAILOVER", MasterName)).Text == "OK")
            {
                _order = (order.Leader, again);
            }
        }
    }

    /// <summary>
    /// Waits until everything is healthy: one master, the other running servers are its replicas and in sync, and every running Sentinel
    /// reports this and can start another failover on command.
    /// </summary>
    public Task WaitUntilHealthyAsync(TimeSpan within) =>
        Eventually.Within(within, WhatIsMissingAsync, missing => missing.Length == 0, "the deployment is healthy");

    public async ValueTask DisposeAsync()
    {
        // Sentinels first, so that none of them starts a failover now.
        await Task.WhenAll(_sentinels.Select(s => s.DisposeAsync().AsTask()));
        if (_events is not null)
        {
            await _events.DisposeAsync();
        }

        await Task.WhenAll(_servers.Select(s => s.DisposeAsync().AsTask()));
        if (ReplicationRelay is { } relay)
        {
            await relay.DisposeAsync();
        }
    }

    private async Task LaunchAsync()
    {
        RedisServer master = await RedisServer.StartAsync(_options.Server with { Host = ServerHost(1) }, "redis-1");
        _servers.Add(master);
        if (_options.ReplicationLatency is { } latency)
        {
            ReplicationRelay = FaultRelay.To(master.Port);
            ReplicationRelay.Apply(new RelayConditions { Latency = latency }, RelayDirections.ToClient);
        }

        RedisServerOptions replica =
            _options.Server with { ReplicaOfPort = ReplicationRelay?.Port ?? master.Port, ReplicaOfAddress = master.Address, Port = null };
        _servers.AddRange(await Task.WhenAll(
            Enumerable.Range(2, _options.Replicas)
                .Select(i => RedisServer.StartAsync(replica with { Host = ServerHost(i) }, $"redis-{i}"))));
        // Sentinels learn of replicas from the master's INFO, which they request at once and then rarely.
        await Eventually.Within(ReadyWithin, () => MissingReplicasAsync(master), missing => missing.Length == 0, "replicas are in sync");

        string[] lines = SentinelLines(master);
        _sentinels.AddRange(await Task.WhenAll(Enumerable.Range(1, _options.Sentinels).Select(
            i => SentinelServer.StartAsync(
                $"sentinel-{i}",
                _options.SentinelProgram,
                lines,
                _options.SentinelPassword,
                _options.SentinelHosts.ElementAtOrDefault(i - 1),
                _options.Server.Tls))));
        _events = new SentinelEventLog(_sentinels, _options.OnEvent);
        await Task.WhenAll(_sentinels.Select(s => s.SetTimingsAsync(SentinelTimings.Fast)));
        await WaitUntilHealthyAsync(ReadyWithin);
        await Task.WhenAll(_sentinels.Select(s => s.SetTimingsAsync(_options.Timings)));
        await Eventually.Within(ReadyWithin, () => Events.Subscribed == _sentinels.Count, "all Sentinels are being followed");
    }

    private ProcessHost ServerHost(int number) => _options.ServerHosts.ElementAtOrDefault(number - 1) ?? ProcessHost.Local;

    private string[] SentinelLines(RedisServer master)
    {
        int quorum = _options.Quorum ?? (_options.Sentinels / 2) + 1;
        string name = MasterName;
        return
        [
            $"sentinel monitor {name} {master.Address} {master.Port} {quorum}",
            $"sentinel down-after-milliseconds {name} {_options.DownAfter.TotalMilliseconds:0}",
            $"sentinel failover-timeout {name} {_options.FailoverTimeout.TotalMilliseconds:0}",
            $"sentinel parallel-syncs {name} {_options.Replicas}",
            .. _options.Server.Password is { } password ? new[] { $"sentinel auth-pass {name} {password}" } : [],
            .. _options.SentinelPassword is { } own ? new[] { $"sentinel sentinel-pass {own}" } : [],
            .. _options.SentinelLines,
        ];
    }

    private async Task<string> WhatIsMissingAsync()
    {
        RedisServer? master = await AgreedMasterAsync();
        if (master is null || await master.RoleAsync() != "master")
        {
            return "an agreed master that is one";
        }

        if (await MissingReplicasAsync(master) is { Length: > 0 } missing)
        {
            return missing;
        }

        string[] answers = await Task.WhenAll(_sentinels.Where(s => s.IsRunning).Select(WhatIsMissingAtAsync));
        return string.Concat(answers);
    }

    /// <remarks>
    /// A replica reports "up" when it has loaded the master's data. Redis 7.0 may start sending it commands only a second later, if it
    /// missed the replica's first acknowledgement; a failover in between loses them. So something is sent, and has to arrive.
    /// </remarks>
    private async Task<string> MissingReplicasAsync(RedisServer master)
    {
        await master.CallAsync("PUBLISH", "test-harness", "in-sync?");
        long sent = Number(await master.InfoAsync("replication"), "master_repl_offset");
        await Task.Delay(2 * (_options.ReplicationLatency ?? TimeSpan.Zero), TimeProvider.System);
        foreach (RedisServer replica in _servers.Where(s => s != master && s.IsRunning))
        {
            IReadOnlyDictionary<string, string> info = await replica.InfoAsync("replication");
            if (info["role"] != "slave" || !IsPortOf(master, Number(info, "master_port")) || info["master_link_status"] != "up"
                || Number(info, "slave_repl_offset") < sent)
            {
                return $"{replica} as a replica of {master} in sync";
            }
        }

        return "";
    }

    private bool IsPortOf(RedisServer master, long port) =>
        port == master.Port || (master == _servers[0] && port == ReplicationRelay?.Port);

    private static long Number(IReadOnlyDictionary<string, string> info, string field) =>
        long.Parse(info[field], CultureInfo.InvariantCulture);

    private async Task<string> WhatIsMissingAtAsync(SentinelServer sentinel)
    {
        RawReply master = await sentinel.CallAsync("SENTINEL", "MASTER", MasterName);
        if (master.Value("flags") != "master")
        {
            return $"{sentinel.Name}: flags {master.Value("flags")}; ";
        }

        if (master.Value("num-other-sentinels") != $"{_sentinels.Count - 1}")
        {
            return $"{sentinel.Name}: knows {master.Value("num-other-sentinels")} other Sentinels; ";
        }

        RawReply replicas = await sentinel.CallAsync("SENTINEL", "REPLICAS", MasterName);
        int ready = replicas.Items.Count(r => r.Value("flags") == "slave" && r.Value("master-link-status") == "ok");
        int wanted = _servers.Count(s => s.IsRunning) - 1;
        if (ready < wanted)
        {
            return $"{sentinel.Name}: sees {ready} of {wanted} replicas in sync; ";
        }

        RawReply sentinels = await sentinel.CallAsync("SENTINEL", "SENTINELS", MasterName);
        // Valkey's keep master_down on each other after a failover, which says nothing about the Sentinel that has the flag.
        int seen = sentinels.Items.Count(s => s.Value("flags") is "sentinel" or "sentinel,master_down");
        int running = _sentinels.Count(s => s.IsRunning) - 1;
        return seen < running ? $"{sentinel.Name}: reaches {seen} of {running} other Sentinels; " : "";
    }
}
