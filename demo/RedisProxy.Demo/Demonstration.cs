using System.Globalization;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.Demo;

/// <summary>The two rounds, and then free play. Owns all processes; when it is disposed, none is left.</summary>
internal sealed class Demonstration : IAsyncDisposable
{
    // Of a proxy that only this machine can reach, and that ends with the demo.
    private const string Token = "demo";

    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly DemoOptions _options;
    private readonly Narrator _narrator;
    private readonly SentinelNews _news;
    private readonly CancellationToken _interrupted;
    private readonly List<(string Title, RoundResult Result)> _rounds = [];
    private SentinelDeployment? _deployment;
    private ProxyProcess? _proxy;
    private Application? _application;

    public Demonstration(DemoOptions options, Narrator narrator, CancellationToken interrupted)
    {
        _options = options;
        _narrator = narrator;
        _interrupted = interrupted;
        _news = new SentinelNews(narrator);
    }

    private SentinelDeployment Deployment => _deployment ?? throw new InvalidOperationException("Not started.");

    private Application App => _application ?? throw new InvalidOperationException("Not started.");

    /// <summary>In the order in which they were played.</summary>
    public IReadOnlyList<(string Title, RoundResult Result)> Rounds => _rounds;

    /// <summary>Those of a demonstration without the proxy, for one table of both.</summary>
    public IReadOnlyList<(string Title, RoundResult Result)> Compared { get; init; } = [];

    private bool IsSafe => _rounds[0].Result.Writes.Lost.Count == 0 && _rounds.All(r => r.Result.ConnectionsLost == 0);

    /// <summary>Returns the exit code.</summary>
    public async Task<int> RunAsync()
    {
        await PlayAsync();
        Summarise();
        if (_options.Picture.Length > 0)
        {
            string picture = _narrator.ToPicture("What the demo prints: a planned failover, then a killed master");
            await File.WriteAllTextAsync(_options.Picture, picture);
        }

        if (!_options.Once)
        {
            await FreePlayAsync();
        }

        return _options.Direct || IsSafe ? 0 : 1;
    }

    public async Task PlayAsync()
    {
        await StartAsync();
        await PlannedAsync();
        await KilledAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _application?.Dispose();
        try
        {
            if (_proxy is not null)
            {
                await _proxy.DisposeAsync();
            }
        }
        catch (InvalidOperationException e)
        {
            _narrator.Bad(e.Message);
        }

        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }
    }

    private async Task StartAsync()
    {
        _narrator.Title("A Sentinel deployment, and " + (_options.Direct ? "no proxy" : "one stable endpoint in front of it"));
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = _options.DownAfter,
            // As in production, where the old master of a planned failover is demoted some 10 seconds late.
            Timings = SentinelTimings.Default,
            OnEvent = _news.OnEvent,
        });
        string servers = string.Join(", ", Deployment.Servers.Select(server => $"{server.Name} on {server.Port}"));
        _narrator.Step($"redis-server: {servers}; the first is the master");
        _narrator.Step("redis-sentinel on " + string.Join(", ", Deployment.Sentinels.Select(s => s.Port)));
        string endpoint = Deployment.Servers[0].Endpoint;
        if (!_options.Direct)
        {
            _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(Deployment).With("admin.token", Token));
            endpoint = $"127.0.0.1:{_proxy.Port}";
            _narrator.Step($"RedisProxy on {_proxy.Port}; its status page, live from here on: http://127.0.0.1:{_proxy.AdminPort}/");
        }

        await ConnectAsync(endpoint);
        _news.Introduce(Deployment.Servers);
    }

    private async Task ConnectAsync(string endpoint)
    {
        _application?.Dispose();
        _application = await Application.ConnectAsync(endpoint);
        _narrator.Step($"the application: \"{App.ConnectionString}\"");
    }

    private async Task PlannedAsync()
    {
        _narrator.Title("1. A planned failover: SENTINEL FAILOVER");
        _narrator.Step("8 writers append unique elements, 2 readers read");
        await using var workload = new Workload(App, "planned");
        await WatchAsync(workload, Calm);

        RedisServer old = Deployment.Servers[0];
        _narrator.Step($"SENTINEL FAILOVER {Deployment.MasterName}");
        await Deployment.FailoverAsync();
        await WatchAsync(workload, until: () => IsReplicaAsync(old));
        await WatchAsync(workload, Calm);
        await FinishAsync("planned", workload);
    }

    private async Task KilledAsync()
    {
        _narrator.Title("2. The master is killed: SIGKILL");
        _news.Forget();
        RedisServer old = await Deployment.WaitForMasterAsync(null, LongEnough);
        if (_options.Direct)
        {
            _narrator.Step("the application's connection string is changed to the new master by hand, and the application restarted:");
            await ConnectAsync(old.Endpoint);
        }

        await using var workload = new Workload(App, "killed");
        await WatchAsync(workload, Calm);
        _narrator.Step($"kill -9 {old.Process.Id}, {old.Name}");
        await old.KillAsync();
        await WatchAsync(workload, until: async () => await Deployment.AgreedMasterAsync() is { } now && now != old);
        await WatchAsync(workload, Calm);
        _narrator.Step($"{old.Name} is started again, and considers itself a master until Sentinel demotes it");
        await old.RestartAsync(keepData: false);
        await WatchAsync(workload, until: () => IsReplicaAsync(old));
        await WatchAsync(workload, Calm);
        await FinishAsync("master killed", workload);
    }

    private async Task FinishAsync(string title, Workload workload)
    {
        await workload.StopAsync();
        if (workload.HasNewErrors)
        {
            SayProgress(workload);
        }

        _narrator.Step("writers stopped; once all replicas follow the master, its data is compared with the acknowledged writes");
        await Deployment.WaitUntilHealthyAsync(LongEnough);
        RedisServer master = await Deployment.WaitForMasterAsync(null, LongEnough);
        RoundResult result = await workload.FinishAsync(master);
        _rounds.Add((title, result));
        (int acknowledged, int lost, int connections) = (result.Writes.Acknowledged, result.Writes.Lost.Count, result.ConnectionsLost);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{acknowledged:N0} writes acknowledged, {lost:N0} of them lost; the connection was {(connections == 0 ? "kept" : "lost")}");
        if (lost + connections == 0)
        {
            _narrator.Good(text);
        }
        else
        {
            _narrator.Bad(text);
        }
    }

    private void Summarise()
    {
        _narrator.Plain();
        foreach (string line in ResultTable.Lines([.. Compared.Select(Named("direct")), .. _rounds.Select(Named("proxy"))]))
        {
            _narrator.Plain(line);
        }

        _narrator.Plain();
        _narrator.Plain(_options.Direct
            ? "This is what an application without Sentinel support experiences. Now try it without --direct."
            : "What a killed master had acknowledged but not yet replicated is lost with it, unless the listener is durable.\n"
                + "Writes of unknown outcome were in flight at that moment: the application gets an error for each (IOERR).");
    }

    private Func<(string Title, RoundResult Result), (string Title, RoundResult Result)> Named(string way) =>
        round => (Compared.Count == 0 ? round.Title : $"{round.Title.Split(' ')[^1]}, {way}", round.Result);

    private async Task FreePlayAsync()
    {
        _narrator.Title("Now it is yours, until Ctrl-C");
        if (_proxy is not null)
        {
            _narrator.Plain($"  connect             redis-cli -p {_proxy.Port}");
            string admin = $"http://127.0.0.1:{_proxy.AdminPort}";
            _narrator.Plain($"  status page         {admin}/   in a browser, live");
            string folder = Path.GetDirectoryName(_proxy.ConfigurationPath)!;
            _narrator.Plain($"  README's commands   cd {folder}   (its proxy.json is that of this proxy)");
            _narrator.Plain($"  metrics             curl {admin}/metrics");
            _narrator.Plain($"  failover on demand  curl -X POST -H 'Authorization: Bearer {Token}' {admin}/failover");
        }

        string sentinel = $"redis-cli -p {Deployment.Sentinels[0].Port} sentinel";
        _narrator.Plain($"  who is the master   {sentinel} get-master-addr-by-name {Deployment.MasterName}");
        _narrator.Plain($"  planned failover    {sentinel} failover {Deployment.MasterName}");
        foreach (RedisServer server in Deployment.Servers)
        {
            _narrator.Plain($"  kill {server.Name}        kill -9 {server.Process.Id}   (port {server.Port}; it is started again)");
        }

        _narrator.Plain();
        if (_options.Direct)
        {
            await ConnectAsync((await Deployment.WaitForMasterAsync(null, LongEnough)).Endpoint);
        }

        await using var workload = new Workload(App, "free");
        try
        {
            while (true)
            {
                _news.Forget();
                await WatchAsync(workload, until: () => Task.FromResult(Deployment.Servers.Any(s => !s.IsRunning)), forEver: true);
                RedisServer dead = Deployment.Servers.First(s => !s.IsRunning);
                _narrator.Event($"{dead.Name} has stopped");
                await WatchAsync(workload, _options.DownAfter + (3 * Second));
                await dead.RestartAsync(keepData: false);
                _narrator.Step($"{dead.Name} is started again: now kill -9 {dead.Process.Id}");
            }
        }
        catch (OperationCanceledException)
        {
            _narrator.Plain();
            await FinishAsync("free play", workload);
        }
    }

    // Sentinel closes all connections of a server that it makes a replica, including ours.
    private static async Task<bool> IsReplicaAsync(RedisServer server)
    {
        try
        {
            return await server.RoleAsync() == "slave";
        }
        catch (Exception ended) when (ended is IOException or SocketException)
        {
            return false;
        }
    }

    private Task WatchAsync(Workload workload, TimeSpan time)
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow() + time;
        return WatchAsync(workload, () => Task.FromResult(TimeProvider.System.GetUtcNow() >= end), time + LongEnough);
    }

    // A progress line every second; in free play every five seconds while nothing goes wrong.
    private async Task WatchAsync(Workload workload, Func<Task<bool>> until, TimeSpan? within = null, bool forEver = false)
    {
        using var enough = new CancellationTokenSource(forEver ? Timeout.InfiniteTimeSpan : within ?? LongEnough, TimeProvider.System);
        int seconds = 0;
        do
        {
            await Task.Delay(Second, TimeProvider.System, _interrupted);
            if (enough.IsCancellationRequested)
            {
                throw new TimeoutException("Sentinel did not do what the demo is waiting for. Is this machine very busy?");
            }

            seconds++;
            if (!forEver || seconds % 5 == 0 || workload.HasNewErrors)
            {
                SayProgress(workload);
            }
        }
        while (!await until());
    }

    private void SayProgress(Workload workload)
    {
        (double replies, long errors) = workload.TakeProgress();
        _narrator.Progress(string.Create(
            CultureInfo.InvariantCulture, $"{replies,6:N0} replies/s  {errors,5:N0} errors  {Lost(workload)}"));
    }

    private static string Lost(Workload workload) => workload.ConnectionsLost switch
    {
        0 => "connection kept",
        1 => "connection lost once",
        int times => $"connection lost {times} times",
    };
}
