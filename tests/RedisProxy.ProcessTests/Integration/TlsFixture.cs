using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>An authority, what it has issued, and the settings that make a proxy and its clients use that.</summary>
internal sealed class TlsFixture : IDisposable
{
    /// <summary>Only the proxy has this name, so that clients see whom they talk to.</summary>
    public const string ProxyName = "proxy.test";

    public const string ServerName = "redis.test";

    public TlsFixture()
    {
        Server = Authority.Issue("server", ServerName, RedisServer.Host);
        Proxy = Authority.Issue("proxy", ProxyName);
        Client = Authority.Issue("client", "client.test");
    }

    public TestAuthority Authority { get; } = new();

    /// <summary>Of all servers and Sentinels.</summary>
    public IssuedCertificate Server { get; }

    /// <summary>What the proxy shows on both sides.</summary>
    public IssuedCertificate Proxy { get; }

    public IssuedCertificate Client { get; }

    /// <summary>Towards masters or Sentinels.</summary>
    public JsonObject Peer(string? serverName = null, string? authorityFile = null) => new()
    {
        ["caFile"] = authorityFile ?? Authority.File,
        ["certificateFile"] = Proxy.CertificateFile,
        ["keyFile"] = Proxy.KeyFile,
        ["serverName"] = serverName,
    };

    /// <summary>The listeners of these options, with TLS.</summary>
    public ProxyProcessOptions Listening(ProxyProcessOptions options, bool isMutual, string? handshakeTimeout = null)
    {
        var tls = new JsonObject { ["certificateFile"] = Proxy.CertificateFile, ["keyFile"] = Proxy.KeyFile };
        if (isMutual)
        {
            tls["caFile"] = Authority.File;
            tls["requireClientCertificate"] = true;
        }

        if (handshakeTimeout is not null)
        {
            tls["handshakeTimeout"] = handshakeTimeout;
        }

        return options with
        {
            Listeners =
            [
                .. options.Listeners.Select(listener => listener with { Settings = new Dictionary<string, JsonNode?> { ["tls"] = tls } }),
            ],
        };
    }

    /// <summary>A client that shows its certificate, and believes nobody but the proxy.</summary>
    public Task<RawClient> ConnectAsync(ProxyProcess proxy) =>
        RawClient.ConnectTlsAsync(proxy.Address, proxy.Port, Authority.File, ProxyName, Client);

    public void Dispose() => Authority.Dispose();
}
