using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A deployment, a proxy in front of it, and twenty idle sessions with state. Writers come on top.</summary>
internal sealed class FailoverFixture : IAsyncDisposable
{
    public const int IdleSessions = 20;

    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<RawClient> _idle = [];

    private FailoverFixture(SentinelDeployment deployment, ProxyProcess proxy, Func<ProxyProcess, Task<RawClient>>? connect)
    {
        Deployment = deployment;
        Proxy = proxy;
        ConnectAsync = () => connect?.Invoke(proxy) ?? proxy.ConnectAsync();
    }

    public SentinelDeployment Deployment { get; }

    public ProxyProcess Proxy { get; }

    /// <summary>As the fixture's clients do.</summary>
    public Func<Task<RawClient>> ConnectAsync { get; }

    public RedisServer FirstMaster => Deployment.Servers[0];

    public static async Task<FailoverFixture> StartAsync(
        SentinelDeploymentOptions? options = null,
        Func<ProxyProcessOptions, ProxyProcessOptions>? configure = null,
        Func<ProxyProcess, Task<RawClient>>? connect = null)
    {
        SentinelDeployment deployment = await SentinelDeployment.StartAsync(options);
        try
        {
            ProxyProcessOptions proxy = ProxyProcessOptions.For(deployment);
            var fixture = new FailoverFixture(deployment, await ProxyProcess.StartAsync(configure?.Invoke(proxy) ?? proxy), connect);
            await fixture.OpenIdleSessionsAsync();
            return fixture;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    public CountingWriter StartWriters(int writers = 8) =>
        CountingWriter.Start(ConnectAsync, new CountingWriterOptions { Writers = writers, Pace = TimeSpan.Zero });

    /// <summary>Every idle session still has its connection, its database and its name; nobody had to reconnect.</summary>
    public async Task AssertIdleSessionsAreAsTheyWereAsync()
    {
        for (int i = 0; i < IdleSessions; i++)
        {
            RawClient client = _idle[i];
            client.Timeout = Patience;
            Assert.Equal($"idle-{i}", (await client.CallAsync("CLIENT", "GETNAME")).Text);
            string info = (await client.CallAsync("CLIENT", "INFO")).Text!;
            Assert.Contains(" db=3 ", info, StringComparison.Ordinal);
            RawReply written = await client.CallAsync("SET", $"idle:{i}", "x");
            Assert.Equal("OK", written.Text);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RawClient client in _idle)
        {
            client.Dispose();
        }

        await Proxy.DisposeAsync();
        await Deployment.DisposeAsync();
    }

    private async Task OpenIdleSessionsAsync()
    {
        for (int i = 0; i < IdleSessions; i++)
        {
            RawClient client = await ConnectAsync();
            _idle.Add(client);
            Assert.Equal("OK", (await client.CallAsync("SELECT", "3")).Text);
            Assert.Equal("OK", (await client.CallAsync("CLIENT", "SETNAME", $"idle-{i}")).Text);
        }
    }
}
