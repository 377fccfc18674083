using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// A deployment and a proxy in front of it, for .NET applications that run in the test itself and know nothing but the proxy's address.
/// </summary>
internal sealed class ApplicationStage : IAsyncDisposable
{
    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private const string Token = "t0ken-canary";

    private readonly List<ConnectionMultiplexer> _multiplexers = [];

    private ApplicationStage(SentinelDeployment deployment, ProxyProcess proxy)
    {
        Deployment = deployment;
        Proxy = proxy;
        Master = deployment.Servers[0];
    }

    public SentinelDeployment Deployment { get; }

    /// <summary>The one that serves the address; <see cref="ReplaceProxyAsync"/> and the like put another one there.</summary>
    public ProxyProcess Proxy { get; private set; }

    public RedisServer Master { get; private set; }

    /// <param name="listener">Settings of the proxy's listener, such as <c>pubsub</c>.</param>
    public static async Task<ApplicationStage> StartAsync(params (string Key, string Value)[] listener)
    {
        SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        try
        {
            // At an address of its own choice, so that another proxy can take its place.
            ProxyProcessOptions options = ProxyProcessOptions.For(deployment).With("admin.token", Token) with
            {
                Listeners =
                [
                    new ProxyListener
                    {
                        Master = deployment.MasterName,
                        Settings = listener.ToDictionary(setting => setting.Key, setting => (JsonNode?)setting.Value),
                    },
                ],
            };
            return new ApplicationStage(deployment, await ProxyProcess.StartAsync(options));
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>One multiplexer with the client's default options, as an application has it; closed with the stage.</summary>
    /// <param name="name">By which its sessions are known to the proxy.</param>
    /// <param name="options">Appended to the connection string.</param>
    public Task<ConnectionMultiplexer> ConnectAsync(string name, params string[] options) =>
        ConnectAsync(ConfigurationOptions.Parse(string.Join(',', [$"127.0.0.1:{Proxy.Port}", $"name={name}", .. options])));

    public async Task<ConnectionMultiplexer> ConnectAsync(ConfigurationOptions options)
    {
        ConnectionMultiplexer multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        _multiplexers.Add(multiplexer);
        return multiplexer;
    }

    /// <summary><c>SENTINEL FAILOVER</c>, until all is healthy again.</summary>
    public async Task FailOverAsync()
    {
        RedisServer old = Master;
        await Deployment.FailoverAsync();
        Master = await Deployment.WaitForMasterAsync(old, Patience);
        await Deployment.WaitUntilHealthyAsync(Patience);
    }

    /// <summary>
    /// SIGKILL of the master; another one is there when this returns. It is stopped just before, so that each of the callers surely has
    /// something in flight.
    /// </summary>
    public async Task KillMasterAsync(RepeatedCalls calls)
    {
        RedisServer old = Master;
        old.Freeze();
        await calls.AreStuckAsync();
        await old.KillAsync();
        await FollowMasterAsync();
    }

    /// <summary>Another master than the last one is there when this returns.</summary>
    public async Task FollowMasterAsync() => Master = await Deployment.WaitForMasterAsync(Master, Patience);

    /// <summary>SIGSTOP of the master, which comes back as a zombie when it has been replaced.</summary>
    public async Task FreezeMasterAsync()
    {
        RedisServer old = Master;
        old.Freeze();
        Master = await Deployment.WaitForMasterAsync(old, Patience);
        old.Thaw();
        await Deployment.WaitUntilHealthyAsync(Patience);
    }

    /// <summary>A second proxy takes the address over, and the first one ends in an orderly way.</summary>
    public async Task ReplaceProxyAsync()
    {
        ProxyProcess successor = await Proxy.StartSuccessorAsync("--take-over");
        ProxyProcess old = Proxy;
        Proxy = successor;
        await old.DisposeAsync();
    }

    /// <summary>SIGTERM, and only when it has ended is another one started.</summary>
    public async Task RestartProxyAsync()
    {
        Assert.Equal(0, await Proxy.StopAsync());
        await StartAgainAsync();
    }

    /// <summary>SIGKILL, and then another one is started.</summary>
    public async Task KillProxyAsync()
    {
        await Proxy.KillAsync();
        await StartAgainAsync();
    }

    /// <summary>The drain command; clients are refused until <see cref="ReloadAsync"/>.</summary>
    public Task DrainAsync() => PostAsync("drain");

    public Task ReloadAsync() => PostAsync("reload");

    /// <summary>Ids of the sessions of the client with this name: an id that is still there is a connection that was kept.</summary>
    public async Task<IReadOnlySet<long>> SessionsAsync(string name)
    {
        JsonNode sessions = JsonNode.Parse(await Proxy.Http.GetStringAsync(new Uri($"sessions?name={name}", UriKind.Relative)))!;
        return sessions["sessions"]!.AsArray().Select(session => (long)session!["id"]!).ToHashSet();
    }

    /// <summary>How many numbers the list holds at the present master.</summary>
    public async Task<IReadOnlyList<long>> ListAsync(string key) =>
        [.. (await Master.CallAsync("LRANGE", key, "0", "-1")).Items.Select(item => long.Parse(item.Text!, CultureInfo.InvariantCulture))];

    public async ValueTask DisposeAsync()
    {
        foreach (ConnectionMultiplexer multiplexer in _multiplexers)
        {
            await multiplexer.DisposeAsync();
        }

        await Proxy.DisposeAsync();
        await Deployment.DisposeAsync();
    }

    private async Task StartAgainAsync()
    {
        ProxyProcess old = Proxy;
        Proxy = await old.StartSuccessorAsync();
        await old.DisposeAsync();
    }

    private async Task PostAsync(string verb)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(verb, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using HttpResponseMessage response = await Proxy.Http.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
