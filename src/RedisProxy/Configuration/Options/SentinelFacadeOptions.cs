namespace RedisProxy.Configuration;

/// <summary>
/// <c>sentinelFacade</c>: an additional address that speaks Sentinel's protocol. Applications that ask Sentinels for the master ask here
/// instead, and get the address of the proxy. It is read-only: it answers queries and changes nothing.
/// </summary>
internal sealed record SentinelFacadeOptions
{
    private static readonly IReadOnlyDictionary<string, HostEndpoint> Nothing = new Dictionary<string, HostEndpoint>();

    /// <summary>
    /// <c>bind</c>: <c>host:port</c>; Sentinel's own port is 26379. Default, and the empty string: no facade.
    /// </summary>
    public HostEndpoint? Bind { get; init; }

    /// <summary>
    /// <c>advertise</c>: maps names of masters to the <c>host:port</c> announced as their address; needed behind NAT, in Docker with
    /// published ports, and where a master has no TCP listener. Default for each master: its first TCP listener; if that listens on all
    /// addresses, the address that the client connected to, with that listener's port. Without Sentinel, masters are named after their
    /// listeners.
    /// </summary>
    public IReadOnlyDictionary<string, HostEndpoint> Advertise { get; init; } = Nothing;

    /// <summary>
    /// <c>username</c>: the user that clients authenticate as; for the default user, AUTH needs no name. Requires a password.
    /// </summary>
    public string Username { get; init; } = UserOptions.DefaultName;

    /// <summary>
    /// <c>password</c> or the first line of <c>passwordFile</c>: the password that clients send with AUTH or HELLO, as to a Sentinel with
    /// <c>requirepass</c>, within <c>client.authenticationTimeout</c>. Default: none, no authentication is required.
    /// </summary>
    public string? Password { get; init; }

    /// <summary><c>tls</c>: without it, clients connect in plain text.</summary>
    public ListenerTlsOptions? Tls { get; init; }

    /// <summary>
    /// <c>maxConnections</c>: further clients get the error that Redis returns above its maxclients, and are closed. Never more than a
    /// tenth of what the open-file limit allows.
    /// </summary>
    public int MaxConnections { get; init; } = 1000;

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Sentinel facade {Bind?.ToString() ?? "off"}";
}
