namespace Aspire.Hosting.ApplicationModel;

/// <summary>
/// Redis servers, one of them the master, that Sentinels watch, and RedisProxy if there is one in front of them. For applications it is one
/// connection string: the proxy's address, which a failover does not change, or else the addresses of the Sentinels in the words of
/// StackExchange.Redis.
/// </summary>
public sealed class RedisSentinelResource : Resource, IResourceWithConnectionString
{
    internal const string EndpointName = "tcp";
    private readonly List<RedisNode> _servers = [];
    private readonly List<RedisNode> _sentinels = [];

    internal RedisSentinelResource(string name, string masterName, RedisNodes nodes)
        : base(name)
    {
        MasterName = masterName;
        Nodes = nodes;
    }

    /// <summary>Sentinel's name for the master.</summary>
    public string MasterName { get; }

    /// <summary>Where applications connect, if there is a proxy.</summary>
    public EndpointReference? Proxy { get; internal set; }

    /// <summary>Its status page, health and metrics, if there is a proxy.</summary>
    public EndpointReference? ProxyAdmin { get; internal set; }

    /// <summary>Of the servers, if they ask for one.</summary>
    public ParameterResource? Password => Nodes.Password;

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression =>
        Given is not null ? ReferenceExpression.Create($"{Given}")
        : WithPassword(Proxy is not null ? AddressOf(Proxy) : OfSentinels());

    /// <summary>The connection string of a published application, because there the servers have their own deployment.</summary>
    internal ParameterResource? Given { get; init; }

    /// <summary>Allows the proxy's commands.</summary>
    internal ParameterResource? ProxyToken { get; set; }

    internal RedisNodes Nodes { get; }

    /// <summary>The first is the first master.</summary>
    internal IReadOnlyList<RedisNode> Servers => _servers;

    internal IReadOnlyList<RedisNode> Sentinels => _sentinels;

    internal static ReferenceExpression AddressOf(EndpointReference endpoint) => ReferenceExpression.Create(
        $"{endpoint.Property(EndpointProperty.Host)}:{endpoint.Property(EndpointProperty.Port)}");

    internal void Add(RedisNode node) => (node.IsSentinel ? _sentinels : _servers).Add(node);

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties()
    {
        if (Proxy is { } proxy)
        {
            yield return new("Host", ReferenceExpression.Create($"{proxy.Property(EndpointProperty.Host)}"));
            yield return new("Port", ReferenceExpression.Create($"{proxy.Property(EndpointProperty.Port)}"));
            if (Password is null)
            {
                yield return new("Uri", ReferenceExpression.Create($"redis://{AddressOf(proxy)}"));
            }
            else
            {
                yield return new("Password", ReferenceExpression.Create($"{Password}"));
                yield return new("Uri", ReferenceExpression.Create($"redis://:{Password:uri}@{AddressOf(proxy)}"));
            }
        }
    }

    private ReferenceExpression WithPassword(ReferenceExpression address) =>
        Password is null ? address : ReferenceExpression.Create($"{address},password={Password}");

    private ReferenceExpression OfSentinels()
    {
        var expression = new ReferenceExpressionBuilder();
        foreach (RedisNode sentinel in _sentinels)
        {
            expression.Append($"{AddressOf(sentinel.Endpoint)},");
        }

        expression.Append($"serviceName={MasterName}");
        return expression.Build();
    }
}
