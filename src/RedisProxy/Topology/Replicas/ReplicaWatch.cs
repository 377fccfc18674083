using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// Polls the replicas of one master, every second and when a session doubts one: first the master's offset, then each replica's, so
/// that data written in between does not count as lag. A silent server delays only itself.
/// <para>An actor: public methods from any thread, everything private on its inbox.</para>
/// </summary>
internal sealed class ReplicaWatch : ITopologyObserver
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A server that takes this long to answer does not answer clients either.</summary>
    private static readonly TimeSpan MaxAnswerTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MinSpacing = TimeSpan.FromMilliseconds(50);

    private readonly ITopologySource _master;
    private readonly TopologyContext _context;
    private readonly Inbox _inbox;
    private readonly NameResolver _names;
    private readonly MonotonicClock _clock;
    private readonly Suspicions _suspicions = new();
    private readonly WriteProgress _progress = new();
    private readonly Dictionary<HostEndpoint, WatchedServer> _servers = [];
    private readonly List<Action<ReplicationView>> _observers = [];
    private volatile ReplicationView _current = ReplicationView.None;
    private BackendOptions _backend;
    private AddressPolicy _policy;
    private TopologyView _view;
    private SyncCounts _syncs = new();
    private TimeSpan _began;
    private int _doubtIsPosted;

    /// <param name="master">Whose replicas.</param>
    /// <param name="options">All of them.</param>
    /// <param name="policy">Judges announced addresses.</param>
    /// <param name="context">Clock, log, DNS.</param>
    public ReplicaWatch(ITopologySource master, ProxyOptions options, AddressPolicy policy, TopologyContext context)
    {
        _master = master;
        _context = context;
        _policy = policy;
        _view = master.Current;
        _backend = Impatient(options.Backend);
        _clock = new MonotonicClock(context.Time);
        ILogger logger = context.Loggers.CreateLogger<ReplicaWatch>();
        _inbox = new Inbox(BeginRound, context.Time, logger);
        _names = new NameResolver(_inbox, _inbox.Post, context, logger);
    }

    /// <summary>The newest; any thread.</summary>
    public ReplicationView Current => _current;

    public async Task RunAsync(CancellationToken stop)
    {
        _master.Subscribe(this);
        await _inbox.RunAsync(stop);
        foreach (WatchedServer server in _servers.Values)
        {
            await server.DisposeAsync();
        }
    }

    public void OnTopology(TopologyView view) => _inbox.Post(() =>
    {
        if (view.Generation != _view.Generation)
        {
            _progress.Clear();
        }

        bool isNews = view.Generation != _view.Generation || view.Availability != _view.Availability
            || view.Replicas != _view.Replicas || view.DownReplicas != _view.DownReplicas;
        _view = view;
        if (isNews)
        {
            Publish();
            LookSoon();
        }
    });

    /// <summary>Gets every new view, one at a time, the current one first; on this watch's inbox, so it must not block.</summary>
    public void Subscribe(Action<ReplicationView> observer) => _inbox.Post(() =>
    {
        _observers.Add(observer);
        observer(_current);
    });

    public void Unsubscribe(Action<ReplicationView> observer) => _inbox.Post(() => _observers.Remove(observer));

    /// <summary>A session has a reason to doubt a server. All are polled again at once, rate-limited.</summary>
    /// <returns>See <see cref="ReplicationView.CoversSuspicion"/>.</returns>
    public long Suspect()
    {
        long number = _suspicions.Raise();
        if (Interlocked.Exchange(ref _doubtIsPosted, 1) == 0)
        {
            _inbox.Post(() =>
            {
                Interlocked.Exchange(ref _doubtIsPosted, 0);
                LookSoon();
            });
        }

        return number;
    }

    public void Reconfigure(ProxyOptions options, AddressPolicy policy) => _inbox.Post(() =>
    {
        _policy = policy;
        if (Impatient(options.Backend) is var backend && backend != _backend)
        {
            _backend = backend;
            Forget([.. _servers.Keys]);
        }

        LookSoon();
    });

    private static BackendOptions Impatient(BackendOptions options) =>
        options.ConnectTimeout > MaxAnswerTime ? options with { ConnectTimeout = MaxAnswerTime } : options;

    private void LookSoon()
    {
        TimeSpan rest = _began + MinSpacing - _clock.Now;
        _inbox.WakeIn(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
    }

    private void BeginRound()
    {
        _began = _clock.Now;
        _inbox.WakeIn(Interval);
        HostEndpoint? master = MasterEndpoint();
        Forget([.. _servers.Keys.Where(known => known != master && !_view.Replicas.Contains(known))]);
        if (master is null || !TryAsk(master, then: AskReplicas))
        {
            AskReplicas();
        }
    }

    private HostEndpoint? MasterEndpoint() => _view.Master is { } node ? _policy.Map(node.Announced) : null;

    private void AskReplicas()
    {
        foreach (HostEndpoint replica in _view.Replicas)
        {
            TryAsk(replica, then: null);
        }
    }

    /// <returns>False: it is being polled already, or cannot be.</returns>
    private bool TryAsk(HostEndpoint endpoint, Action? then)
    {
        IPEndPoint? address = _names.Find(endpoint.Host) is { } found ? new IPEndPoint(found, endpoint.Port) : null;
        if (_servers.TryGetValue(endpoint, out WatchedServer? server) && !server.Address.Equals(address))
        {
            Forget([endpoint]);
            server = null;
        }

        if (server is { IsAsked: true } || address is null || _policy.Refuse(address) is not null)
        {
            return false;
        }

        server ??= _servers[endpoint] = new WatchedServer(
            new ServerConnection(endpoint, address, _backend, _context) { ClientName = "redisproxy-watch" });
        server.IsAsked = true;
        long suspicion = _suspicions.Newest;
        _inbox.Start(async stop =>
        {
            // Shutdown does not wait for a silent server.
            (ReplicationFacts? facts, string failure) = await server.LookAsync().WaitAsync(stop);
            _inbox.Post(() => Take(endpoint, server, facts, failure, suspicion, then));
        });
        return true;
    }

    private void Take(
        HostEndpoint endpoint, WatchedServer server, ReplicationFacts? facts, string failure, long suspicion, Action? then)
    {
        server.IsAsked = false;
        if (_servers.GetValueOrDefault(endpoint) != server)
        {
            _inbox.Start(async _ => await server.DisposeAsync());
        }
        else
        {
            server.FullSyncs += facts is { IsSyncing: true } && server.Facts is not { IsSyncing: true } ? 1 : 0;
            if (endpoint == MasterEndpoint())
            {
                TakeMaster(server.Facts, facts);
            }

            server.Facts = facts;
            server.Failure = failure;
            server.Covers = suspicion;
            server.Lag(_progress, _clock.Now);
            LookWhenClosed(endpoint, server);
        }

        then?.Invoke();
        Publish();
        if (suspicion < _suspicions.Newest)
        {
            LookSoon();
        }
    }

    // A promotion ends the connections of the promoted server.
    private void LookWhenClosed(HostEndpoint endpoint, WatchedServer server)
    {
        if (server.TryTakeClosing(out Task closing))
        {
            _inbox.Start(async stop =>
            {
                await closing.WaitAsync(stop);
                _inbox.Post(() => LookAgain(endpoint, server));
            });
        }
    }

    private void LookAgain(HostEndpoint endpoint, WatchedServer server)
    {
        if (_servers.GetValueOrDefault(endpoint) == server
            && !(server.MayLookAgain(_clock.Now, MinSpacing) && TryAsk(endpoint, then: null)))
        {
            LookSoon();
        }
    }

    private void TakeMaster(ReplicationFacts? before, ReplicationFacts? now)
    {
        if (now is { IsMaster: true })
        {
            if (now.Offset is { } offset)
            {
                _progress.Add(_clock.Now, offset);
            }

            _syncs = before is { IsMaster: true } ? _syncs.Add(before, now) : _syncs;
        }
    }

    // One with a poll in progress is disposed when the answer arrives.
    private void Forget(HostEndpoint[] endpoints)
    {
        foreach (HostEndpoint endpoint in endpoints)
        {
            if (_servers.Remove(endpoint, out WatchedServer? server) && !server.IsAsked)
            {
                _inbox.Start(async _ => await server.DisposeAsync());
            }
        }
    }

    private void Publish()
    {
        // A server that does not answer has no clients, so no session needs to wait for it to be polled.
        WatchedServer[] answering = [.. _servers.Values.Where(server => server.Facts is not null)];
        _suspicions.Cover(answering.Length > 0 ? answering.Min(server => server.Covers) : _suspicions.Newest);
        _current = new ReplicationView
        {
            Master = MasterEndpoint() is { } master ? _servers.GetValueOrDefault(master)?.Facts : null,
            Replicas = [.. _view.Replicas.Select(StateOf)],
            WriteRate = _progress.Rate,
            Syncs = _syncs,
            CoversSuspicion = _suspicions.Covered,
        };
        _observers.ForEach(observer => observer(_current));
    }

    private ReplicaState StateOf(HostEndpoint endpoint)
    {
        WatchedServer? server = _servers.GetValueOrDefault(endpoint);
        IPAddress? address = _names.Find(endpoint.Host);
        string? objection = address is null ? $"the address of '{endpoint.Host}' is not known"
            : _policy.Refuse(new IPEndPoint(address, endpoint.Port));
        return new ReplicaState(endpoint)
        {
            Address = server?.Address,
            Facts = server?.Facts,
            Failure = server?.Failure ?? objection ?? "",
            WasLookedAt = objection is not null || server is { WasLookedAt: true },
            MasterAddress = SentinelVote.Locate(server?.Facts?.Master, _policy, _names.Find),
            LagBytes = server?.LagBytes,
            Lag = server?.LagTime,
            IsDown = _view.DownReplicas.Contains(endpoint),
            FullSyncs = server?.FullSyncs ?? 0,
        };
    }
}
