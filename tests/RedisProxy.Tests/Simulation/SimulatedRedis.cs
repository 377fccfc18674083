using System.Net;

using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One redis: its role, its data, its connections, and asynchronous replication to those who follow it. It can crash and come back
/// (loading for a while, with its data), freeze and go on, and be told whom to follow, which kills its clients as Sentinel does.
/// </summary>
internal sealed class SimulatedRedis(World world, int number, History history)
{
    /// <summary>At most so much later than the master a replica has what the master wrote.</summary>
    public const long MaxLagUs = 10_000;

    /// <summary>The same of one that has fallen behind; less than Sentinels need to find a master lost.</summary>
    private const long MaxSlowLagUs = 150_000;

    /// <summary>See <see cref="Wire.StallPercent"/>, of its replies.</summary>
    private const int StallPercent = 2;

    private readonly List<RedisConnection> _connections = [];
    private readonly List<SimulatedRedis> _replicas = [];
    private readonly Queue<Action> _unread = new();
    private readonly Dictionary<SimulatedRedis, long> _confirmed = [];
    private int _incarnation;
    private int _following;
    private long _lastReplicatedUs;
    private long _lastConfirmedUs;

    // What its master knows that it has; nothing before it has synchronised.
    private long _confirmedTo = -1;

    public string Name => $"redis{number}";

    public int Number => number;

    public IPEndPoint Address { get; } = new(new IPAddress([10, 0, 0, (byte)number]), 6379);

    public Dataset Data { get; private set; } = new();

    public History History => history;

    public SimulatedRedis? Master { get; private set; }

    public bool IsMaster => Master is null;

    public bool IsRunning { get; private set; } = true;

    public bool IsFrozen { get; private set; }

    public bool IsLoading { get; private set; }

    /// <summary>How often it was started.</summary>
    public int Starts { get; private set; } = 1;

    /// <summary>Since then it has been able to answer.</summary>
    public long AwakeUs { get; private set; } = long.MinValue / 2;

    /// <summary>Called when it ends its connections: killed, or told whom to follow.</summary>
    public Action OnConnectionsEnd { get; set; } = static () => { };

    /// <summary>Nothing that is sent to connect to it arrives.</summary>
    public bool IsBlackholed { get; set; }

    public bool IsHealthy => IsRunning && !IsFrozen && !IsLoading && !IsBlackholed;

    /// <summary>It has all data of its master, or will have it in no time.</summary>
    public bool IsInSync => Master is { } master && master._replicas.Contains(this);

    /// <summary>It has fallen behind, or is about to.</summary>
    public bool IsSlow { get; set; }

    /// <summary>Everything that is on its way to it arrives in no time.</summary>
    public bool IsPrompt => !IsSlow && _lastReplicatedUs <= world.NowUs + MaxLagUs;

    /// <summary>Writes so far.</summary>
    public long Offset { get; private set; }

    public override string ToString() => Name;

    public RedisConnection Accept(Wire wire)
    {
        var connection = new RedisConnection(world, this, wire);
        _connections.Add(connection);
        wire.PauseFar(IsFrozen);
        wire.StallPercent = StallPercent;
        return connection;
    }

    public void Forget(RedisConnection connection) => _connections.Remove(connection);

    public void Write(Effect effect)
    {
        Data.Apply(effect);
        Offset++;
        foreach (SimulatedRedis replica in _replicas)
        {
            int following = replica._following;
            int incarnation = _incarnation;
            long lagUs = replica.IsSlow ? MaxSlowLagUs : MaxLagUs;
            replica._lastReplicatedUs = Math.Max(replica._lastReplicatedUs, world.NowUs + world.Between(50, lagUs));
            world.At(replica._lastReplicatedUs, () => replica.Read(() =>
            {
                if (replica._following == following && _incarnation == incarnation)
                {
                    replica.Data.Apply(effect);
                    replica.Offset++;
                    replica.Confirm(this);
                }
            }));
        }
    }

    /// <summary>How many replicas have said by now that they have everything up to there?</summary>
    public int CountConfirmed(long offset) => _replicas.Count(replica => replica._confirmedTo >= offset);

    /// <summary>The same of all that have ever said so since it became the master: the judge comes later than the answer.</summary>
    public int CountEverConfirmed(long offset) => _confirmed.Values.Count(confirmedTo => confirmedTo >= offset);

    /// <summary>SLAVEOF NO ONE, and the kill of clients that Sentinel adds.</summary>
    public void Promote()
    {
        world.Note("promoted", number, Offset);
        Unfollow();
        Master = null;
        _confirmed.Clear();
        KillClients();
    }

    /// <summary>SLAVEOF, and the kill of clients that Sentinel adds. What it has and its master has not is thrown away.</summary>
    public void Follow(SimulatedRedis master)
    {
        world.Note("follows", number, master.Number);
        Unfollow();
        Master = master;
        Array.ForEach(_connections.ToArray(), connection => connection.EndWaiting());
        KillClients();
        Synchronise(_following);
    }

    /// <summary>Somebody waits for what may be there now.</summary>
    public void ServeWaiting() => Array.ForEach(_connections.ToArray(), connection => connection.ServeWaiting());

    /// <returns>How many have heard it.</returns>
    public int Publish(string channel, string word) => _connections.ToArray().Count(connection => connection.Hear(channel, word));

    /// <summary>The key has changed.</summary>
    public void Invalidate(string key) => Array.ForEach(_connections.ToArray(), connection => connection.Invalidate(key));

    public void KillClients()
    {
        CloseAll(abort: false);
        OnConnectionsEnd();
    }

    public void Crash()
    {
        world.Note("crashes", number);
        IsRunning = false;
        _incarnation += world.Random.Next(2); // What is on its way to the replicas may arrive, or not.
        CloseAll(abort: world.Chance(50));
    }

    public void Restart()
    {
        world.Note("restarts", number);
        Starts++;
        AwakeUs = world.NowUs;
        IsRunning = true;
        IsFrozen = false;
        IsLoading = true;
        _incarnation++;
        foreach (SimulatedRedis replica in _replicas.ToArray())
        {
            _replicas.Remove(replica);
            replica.Synchronise(replica._following);
        }

        world.After(world.Between(10_000, 800_000), () => IsLoading = false);
        Synchronise(_following);
    }

    public void Freeze(bool isFrozen)
    {
        world.Note(isFrozen ? "freezes" : "thaws", number);
        IsFrozen = isFrozen;
        AwakeUs = world.NowUs;
        foreach (RedisConnection connection in _connections.ToArray())
        {
            connection.Wire.PauseFar(isFrozen);
        }

        while (!IsFrozen && _unread.TryDequeue(out Action? read))
        {
            read();
        }
    }

    /// <summary>As a probe sees it that asks for its role.</summary>
    public (ProbeVerdict Verdict, string Detail) Look() => this switch
    {
        { IsBlackholed: true } => (ProbeVerdict.NoConnection, "no connection"),
        { IsRunning: false } => (ProbeVerdict.Lost, "refused"),
        { IsFrozen: true } => (ProbeVerdict.NoAnswer, "no answer"),
        { IsMaster: false } => (ProbeVerdict.NotMaster, "its role is 'slave'"),
        { IsLoading: true } => (ProbeVerdict.NotReady, "LOADING"),
        _ => (ProbeVerdict.Up, ""),
    };

    private void Unfollow()
    {
        Master?._replicas.Remove(this);
        _following++;
    }

    private void Synchronise(int following) => world.After(world.Between(5_000, 200_000), () =>
    {
        if (_following != following || Master is not { } master || IsInSync)
        {
            return;
        }

        if (!master.IsHealthy || !IsHealthy)
        {
            Synchronise(following);
            return;
        }

        Data = master.Data.Copy();
        Offset = master.Offset;
        master._replicas.Add(this);
        world.Note("synchronised", number, master.Number);
        _confirmedTo = -1;
        Confirm(master);
    });

    /// <summary>What replicas are told, and masters by them: found when the process goes on.</summary>
    private void Read(Action read)
    {
        if (IsFrozen)
        {
            _unread.Enqueue(read);
        }
        else
        {
            read();
        }
    }

    private void Confirm(SimulatedRedis master)
    {
        if (history.Durable is null)
        {
            return;
        }

        (long offset, int following, int incarnation) = (Offset, _following, master._incarnation);
        _lastConfirmedUs = Math.Max(_lastConfirmedUs, world.NowUs + world.Between(20, MaxLagUs));
        world.At(_lastConfirmedUs, () => master.Read(() =>
        {
            if (_following == following && master._incarnation == incarnation && master.IsRunning)
            {
                _confirmedTo = offset;
                master._confirmed[this] = offset;
                Array.ForEach(master._connections.ToArray(), connection => connection.ServeWait());
            }
        }));
    }

    private void CloseAll(bool abort)
    {
        foreach (RedisConnection connection in _connections.ToArray())
        {
            connection.Close(abort);
        }
    }
}
