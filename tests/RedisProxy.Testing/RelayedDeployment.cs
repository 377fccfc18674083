using System.Globalization;
using System.Text.Json.Nodes;

namespace RedisProxy.Testing;

/// <summary>
/// A deployment with a <see cref="FaultRelay"/> in front of each redis-server and each Sentinel. Only the proxy uses the relays, through
/// its address map; Sentinels, servers and the test connect directly. So the proxy's connections can break while all else is healthy.
/// </summary>
public sealed class RelayedDeployment : IAsyncDisposable
{
    private readonly Dictionary<int, FaultRelay> _relays = [];

    private RelayedDeployment(SentinelDeployment deployment)
    {
        Deployment = deployment;
        foreach (int port in deployment.Servers.Select(s => s.Port).Concat(deployment.Sentinels.Select(s => s.Port)))
        {
            _relays[port] = FaultRelay.To(port);
        }
    }

    public SentinelDeployment Deployment { get; }

    /// <summary>One listener of a proxy that reaches everything through the relays.</summary>
    public ProxyProcessOptions ProxyOptions
    {
        get
        {
            var map = new JsonObject();
            foreach ((int port, FaultRelay relay) in _relays)
            {
                map[string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")] = relay.Endpoint;
            }

            ProxyProcessOptions options = ProxyProcessOptions.For(Deployment).With("sentinel.addressMap", map);
            return options with { SentinelEndpoints = [.. Deployment.Sentinels.Select(sentinel => Of(sentinel).Endpoint)] };
        }
    }

    public static async Task<RelayedDeployment> StartAsync(SentinelDeploymentOptions? options = null) =>
        new(await SentinelDeployment.StartAsync(options));

    public FaultRelay Of(RedisServer server) => _relays[server.Port];

    public FaultRelay Of(SentinelServer sentinel) => _relays[sentinel.Port];

    /// <summary>All relays pass everything on again, and listen.</summary>
    public void Heal()
    {
        foreach (FaultRelay relay in _relays.Values)
        {
            relay.Heal();
            relay.Resume();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Deployment.DisposeAsync();
        await Task.WhenAll(_relays.Values.Select(relay => relay.DisposeAsync().AsTask()));
    }
}
