namespace RedisProxy.Configuration;

/// <summary>
/// <c>sentinelFacade</c>: one more address, which speaks Sentinel's protocol. Applications that ask Sentinels where the master is ask here
/// instead, and are told the address of the proxy. It only answers questions; nothing can be changed through it.
/// </summary>
internal sealed record SentinelFacadeOptions
{
    private static readonly IReadOnlyDictionary<string, HostEndpoint> Nothing = new Dictionary<string, HostEndpoint>();

    /// <summary>
    /// <c>bind</c>: <c>host:port</c>; Sentinel's own port is 26379. Default none, as is the empty string: there is no facade. In plain
    /// text only. A change needs a restart.
    /// </summary>
    public HostEndpoint? Bind { get; init; }

    /// <summary>
    /// <c>advertise</c>: name of a master to the <c>host:port</c> that is announced as its address; needed behind NAT, in Docker with
    /// published ports, and where a master has no listener on TCP. Default for each master: its first listener on TCP; if that one
    /// listens on all addresses, the address that the client itself connected to, with that listener's port. Without Sentinel, masters
    /// have the names of their listeners.
    /// </summary>
    public IReadOnlyDictionary<string, HostEndpoint> Advertise { get; init; } = Nothing;

    /// <summary><c>username</c>: whom clients have to be. Default <c>default</c>, who need not say a name. Needs a password.</summary>
    public string Username { get; init; } = UserOptions.DefaultName;

    /// <summary>
    /// <c>password</c> or the first line of <c>passwordFile</c>: what clients have to say, by AUTH or HELLO, as to a Sentinel with
    /// <c>requirepass</c>, and within <c>client.authenticationTimeout</c>. Default none: nobody is asked.
    /// </summary>
    public string? Password { get; init; }

    /// <summary>
    /// <c>maxConnections</c>: further ones get redis's own error and are closed. Default 1000, 1 to 100000; at most a tenth of what the
    /// limit of open files allows. A change needs a restart.
    /// </summary>
    public int MaxConnections { get; init; } = 1000;

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Sentinel facade {Bind?.ToString() ?? "off"}";
}
