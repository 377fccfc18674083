using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Scripted Sentinels and masters, and the control plane on a clock that stands still. The master is <c>m</c>.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    public const string MasterName = "m";

    private readonly CancellationTokenSource _stop = new();
    private readonly List<IAsyncDisposable> _servers = [];
    private Task _run = Task.CompletedTask;

    public Deployment(int sentinels = 3, int masters = 2)
    {
        Sentinels = [.. Enumerable.Range(1, sentinels).Select(number => Add(new ScriptedSentinel($"s{number}")))];
        Masters = [.. Enumerable.Range(1, masters).Select(_ => Add(new ScriptedMaster()))];
        BindAddress bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1));
        Options = new ProxyOptions
        {
            Listeners = [new ListenerOptions { Name = "l", Bind = bind, Master = MasterName }],
            Sentinel = new SentinelOptions { Endpoints = [.. Sentinels.Select(one => one.Endpoint)] },
        };
    }

    public FakeTimeProvider Clock { get; } = new();

    public RecordingLog Log { get; } = new();

    public ScriptedSentinel[] Sentinels { get; }

    public ScriptedMaster[] Masters { get; }

    public RecordingObserver Observer { get; } = new();

    /// <summary>Changed before the start.</summary>
    public ProxyOptions Options { get; set; }

    /// <summary>Names that the DNS knows; none by default.</summary>
    public Dictionary<string, IPAddress[]> Dns { get; } = [];

    public TopologyContext Context => new(Clock, new RecordingLoggers(Log)) { Resolve = ResolveAsync };

    public TopologyService Service { get; private set; } = null!;

    public ITopologySource Source { get; private set; } = null!;

    public TopologyView View => Source.Current;

    public T Add<T>(T server)
        where T : IAsyncDisposable
    {
        _servers.Add(server);
        return server;
    }

    /// <summary>All Sentinels name this master from now on.</summary>
    public void AllSay(int master, long epoch, string flags = "master")
    {
        foreach (ScriptedSentinel sentinel in Sentinels)
        {
            Say(sentinel, master, epoch, flags);
        }
    }

    public void Say(ScriptedSentinel sentinel, int master, long epoch, string flags = "master", int? described = null) => sentinel.Say(
        MasterName,
        ScriptedAnswer.Of(Masters[master].Address, epoch) with
        {
            Flags = flags,
            Described = described is { } other ? Masters[other].Address : null,
        });

    public void With(Func<SentinelOptions, SentinelOptions> change) => Options = Options with { Sentinel = change(Options.Sentinel!) };

    public void Start()
    {
        Service = new TopologyService(Options, Context);
        Source = Service.SourceOf(Options.Listeners[0]);
        Source.Subscribe(Observer);
        _run = Task.Run(() => Service.RunAsync(_stop.Token));
    }

    /// <summary>Starts, with the first master at epoch 1, and waits until it and all Sentinels are there.</summary>
    public async Task StartAvailableAsync()
    {
        AllSay(0, epoch: 1);
        Start();
        await Eventually.TrueAsync(
            () => View is { Availability: Availability.Available, Sentinels: var all } && all.Count >= Sentinels.Length
                && all.All(one => one.IsConnected));

        // Those who asked just now have been kicked meanwhile; they ask once more, and then nothing keeps them from asking at once.
        await Eventually.StaysTrueAsync(Clock, TimeSpan.FromMilliseconds(200), () => View.Availability == Availability.Available);
    }

    public Task IsAsync(long generation, Availability availability) => Eventually.TrueAsync(
        () => View.Generation == generation && View.Availability == availability, $"{generation} {availability}");

    /// <summary>As <see cref="IsAsync"/>, with the clock going on.</summary>
    public Task<TimeSpan> WithinAsync(long generation, Availability availability) => Eventually.TrueWithinAsync(
        Clock, () => View.Generation == generation && View.Availability == availability, $"{generation} {availability}");

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (IAsyncDisposable server in _servers)
        {
            await server.DisposeAsync();
        }

        _stop.Dispose();
        Assert.DoesNotContain(Log.Lines, line => line.Id == 2999);
    }

    private Task<IPAddress[]> ResolveAsync(string host, CancellationToken stop) =>
        Dns.TryGetValue(host, out IPAddress[]? found)
            ? Task.FromResult(found)
            : Task.FromException<IPAddress[]>(new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound));
}
