using System.Globalization;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Transport;

/// <summary>All TLS sides of one proxy, and the periodic checks of their files.</summary>
internal sealed class TlsSetup : IDisposable
{
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<ListenerOptions, ServerTls> _listeners = new(ReferenceEqualityComparer.Instance);
    private readonly List<CertificateWatch> _watches = [];
    private readonly Lock _looking = new();
    private ITimer? _looks;

    public TlsSetup(ProxyOptions options)
    {
        foreach ((int index, ListenerOptions listener) in options.Listeners.Index())
        {
            if (listener.Tls is { } tls)
            {
                _listeners.Add(listener, Server(string.Create(CultureInfo.InvariantCulture, $"listeners[{index}].tls"), tls));
            }
        }

        Admin = options.Admin.Tls is { } admin ? Server("admin.tls", admin) : null;
        Facade = options.SentinelFacade.Tls is { } facade ? Server("sentinelFacade.tls", facade) : null;

        Backend = Peer("backend.tls", options.Backend.Tls, [options.Backend.Endpoint]);
        Sentinel = Peer("sentinel.tls", options.Sentinel?.Tls, options.Sentinel?.Endpoints ?? []);
    }

    /// <summary>Null: in plain text.</summary>
    public PeerTls? Backend { get; }

    /// <summary>Null: in plain text.</summary>
    public PeerTls? Sentinel { get; }

    /// <summary>Null: in plain text.</summary>
    public ServerTls? Admin { get; }

    /// <summary>Null: in plain text.</summary>
    public ServerTls? Facade { get; }

    /// <summary>Null: in plain text.</summary>
    public ServerTls? Of(ListenerOptions listener) => _listeners.GetValueOrDefault(listener);

    /// <summary>The certificates that are presented, to clients and to servers.</summary>
    public IEnumerable<CertificateInUse> Certificates => _watches.Select(static watch => watch.InUse).OfType<CertificateInUse>();

    /// <summary>Checks the files until disposed.</summary>
    public void BeginLooking(TimeProvider time, ILogger log)
    {
        if (_watches.Count > 0)
        {
            _looks = time.CreateTimer(_ => Look(log), null, LookInterval, LookInterval);
        }
    }

    public void Dispose() => _looks?.Dispose();

    private void Look(ILogger log)
    {
        lock (_looking)
        {
            foreach (CertificateWatch watch in _watches)
            {
                watch.Look(log);
            }
        }
    }

    private ServerTls Server(string path, ListenerTlsOptions options)
    {
        var server = new ServerTls(options);
        _watches.Add(new CertificateWatch(path, options.Material, server.Renew));
        return server;
    }

    private PeerTls? Peer(string path, PeerTlsOptions? options, IEnumerable<HostEndpoint?> endpoints)
    {
        if (options is null)
        {
            return null;
        }

        var peer = new PeerTls(options, endpoints.OfType<HostEndpoint>().Select(endpoint => endpoint.Host));
        _watches.Add(new CertificateWatch(path, options.Material, peer.Renew));
        return peer;
    }
}
