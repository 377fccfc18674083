using System.Net;

namespace RedisProxy.Configuration;

/// <summary>
/// What was read, before the rules between keys are checked. A listener may lack what it needs; the rest has its final form.
/// </summary>
/// <param name="Listeners">In their order.</param>
/// <param name="IsEndpointGiven"><c>backend.endpoint</c> has a value, good or bad.</param>
/// <param name="Options">Everything but the listeners. <see cref="ProxyOptions.Sentinel"/> is null when the section says nothing.</param>
internal sealed record OptionDraft(IReadOnlyList<ListenerDraft> Listeners, bool IsEndpointGiven, ProxyOptions Options);

/// <summary>One listener as read. Null: missing, or not understood and reported already.</summary>
/// <param name="Section">Knows which of the two it is, and the paths.</param>
internal sealed record ListenerDraft(OptionSection Section)
{
    public string? Name { get; init; }

    public BindAddress? Bind { get; init; }

    public string? Master { get; init; }

    public ListenerRole Role { get; init; }

    public ReplicaOptions Replicas { get; init; } = new();

    public int MaxSessions { get; init; }

    public PubSubAction PubSub { get; init; }

    public ListenerTlsOptions? Tls { get; init; }

    public IReadOnlyList<IPNetwork> ProxyProtocol { get; init; } = [];

    public IReadOnlyList<UserOptions> Users { get; init; } = [];

    public UserOptions? BackendUser { get; init; }

    /// <summary>The name it will have.</summary>
    public string? EffectiveName => Name ?? Master;
}
