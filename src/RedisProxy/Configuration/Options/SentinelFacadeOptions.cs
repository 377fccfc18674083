namespace RedisProxy.Configuration;

/// <summary>
/// <c>sentinelFacade</c>: one more address, which speaks Sentinel's protocol. Applications that ask Sentinels for the master ask here
/// instead, and are given the address of the proxy. It only answers queries; nothing can be changed through it.
/// </summary>
internal sealed record SentinelFacadeOptions
{
    private static readonly IReadOnlyDictionary<string, HostEndpoint> Nothing = new Dictionary<string, HostEndpoint>();

    /// <summary>
    /// <c>bind</c>: <c>host:port</c>; Sentinel's own port is 26379. Default: none, and so is the empty string: there is no facade. Plain
    /// text only.
    /// </summary>
    public HostEndpoint? Bind { get; init; }

    /// <summary>
    /// <c>advertise</c>: names of masters, each with the <c>host:port</c> that is announced as its address; needed behind NAT, in Docker
    /// with published ports, and where a master has no listener on TCP. Default for each master: its first listener on TCP; if that one
    /// listens on all addresses, the address that the client itself connected to, with that listener's port. Without Sentinel, masters
    /// have the names of their listeners.
    /// </summary>
    public IReadOnlyDictionary<string, HostEndpoint> Advertise { get; init; } = Nothing;

    /// <summary><c>username</c>: the user that clients authenticate as; the default one needs no name in AUTH. Needs a password.</summary>
    public string Username { get; init; } = UserOptions.DefaultName;

    /// <summary>
    /// <c>password</c> or the first line of <c>passwordFile</c>: what clients authenticate with, by AUTH or HELLO, as to a Sentinel with
    /// <c>requirepass</c>, and within <c>client.authenticationTimeout</c>. Default: none, no authentication is demanded.
    /// </summary>
    public string? Password { get; init; }

    /// <summary>
    /// <c>maxConnections</c>: further ones get the error that Redis gives, and are closed. In any case at most a tenth of what the limit
    /// of open files allows.
    /// </summary>
    public int MaxConnections { get; init; } = 1000;

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Sentinel facade {Bind?.ToString() ?? "off"}";
}
