namespace RedisProxy.Configuration;

/// <summary>
/// <c>notify[]</c>: somebody who is told of failovers and of what else needs a person, by a webhook or by a command. Default: nobody;
/// the log says it all the same. At most 32. A reload changes everything in <c>notify</c>.
/// </summary>
internal sealed record NotifyOptions
{
    public const int MaxReceivers = 32;

    /// <summary><c>name</c>: label in logs and metrics. Required, one word, unique.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>events</c>: what it is told: <c>failover_started</c>, <c>failover_finished</c>, <c>failover_aborted</c>, <c>master_down</c>,
    /// <c>master_up</c>, <c>sentinels_lost</c>, <c>sentinels_back</c>, <c>replica_unhealthy</c>, <c>replica_healthy</c>,
    /// <c>drift_found</c>, <c>drift_gone</c>. Default: all for a webhook, <c>failover_finished</c> for a command, as Sentinel has it.
    /// </summary>
    public required IReadOnlyList<NotifyEvent> Events { get; init; }

    /// <summary>
    /// <c>masters</c>: only of these, by the names in <c>listeners[].master</c> (without Sentinel: those of the listeners). What concerns
    /// no single master, such as the Sentinels, is told all the same. Default empty: all.
    /// </summary>
    public IReadOnlyList<string> Masters { get; init; } = [];

    /// <summary>
    /// <c>startedAfter</c>: an outage that has lasted this long is told while it lasts (<c>failover_started</c> or <c>master_down</c>); one
    /// that is over sooner is told once, when it is over. Sentinels count as lost after this time, too. Default 5s, 0 to 1h.
    /// </summary>
    public TimeSpan StartedAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>rateLimit</c>: how many messages it may get.</summary>
    public NotifyRateLimitOptions RateLimit { get; init; } = new();

    /// <summary><c>webhook</c>: where messages are sent by HTTP. Either this or <c>command</c>.</summary>
    public NotifyWebhookOptions? Webhook { get; init; }

    /// <summary><c>command</c>: what is run for each message. Either this or <c>webhook</c>.</summary>
    public NotifyCommandOptions? Command { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Name;
}

/// <summary>
/// <c>notify[].rateLimit</c>: a token bucket. What is left out by it is counted, and the next message says how much it was.
/// </summary>
internal sealed record NotifyRateLimitOptions
{
    /// <summary><c>burst</c>: so many messages may come at once. Default 10, 1 to 1000.</summary>
    public int Burst { get; init; } = 10;

    /// <summary><c>interval</c>: after which one more may come, up to <c>burst</c>. Default 30s, 100ms to 1h.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>notify[].webhook</c>: each message is a POST of JSON. Redirects are not followed; any 2xx is success.</summary>
internal sealed record NotifyWebhookOptions
{
    /// <summary>
    /// <c>url</c> or the first line of <c>urlFile</c>: absolute, <c>http</c> or <c>https</c>. Required. Of it logs show scheme and
    /// host only, because many services put a secret into the path. User and password in it are sent as Basic authentication.
    /// </summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// <c>secret</c> or the first line of <c>secretFile</c>: with it each request is signed (HMAC-SHA256, header
    /// <c>X-RedisProxy-Signature</c>), so that the receiver can tell who sent it. Default none: not signed. Never shown.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary><c>timeout</c>: of one attempt, connecting and TLS included. Default 5s, 100ms to 1m.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// <c>maxAttempts</c>: when there is no answer, or 408, 429 or 5xx, it is tried again after 1s, 2s, 4s… and at most 30s, each a
    /// fifth shorter or longer; <c>Retry-After</c> in seconds is heeded within that limit. Other answers end it. Default 5, 1 to 20.
    /// </summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>What of the URL may be shown.</summary>
    public string ShownUrl => Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => ShownUrl;
}

/// <summary>
/// <c>notify[].command</c>: a program with the arguments of Sentinel's client-reconfig-script (redis.io, sentinel.conf). No shell is
/// involved; the message as JSON is its standard input.
/// </summary>
internal sealed record NotifyCommandOptions
{
    /// <summary><c>path</c>: of the program, which has to exist and to be executable. Required.</summary>
    public required string Path { get; init; }

    /// <summary><c>args</c>: arguments before those seven, as they are. At most 64. Default empty.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>
    /// <c>role</c>: the second of the seven arguments, <c>leader</c> or <c>observer</c>. With Sentinel one of all is the leader, and
    /// scripts look at it for what is to be done once. Default <c>leader</c>: where several proxies run the same script, make the others
    /// observers.
    /// </summary>
    public CommandRole Role { get; init; } = CommandRole.Leader;

    /// <summary><c>timeout</c>: then it is killed, and run again. Default 60s, as with Sentinel; 100ms to 10m.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// <c>maxAttempts</c>: exit code 1, a signal and the time limit mean that it is run again, after 5s, 10s, 20s… and at most 1m; exit
    /// codes from 2 on end it. Default 10, as with Sentinel; 1 to 20.
    /// </summary>
    public int MaxAttempts { get; init; } = 10;

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Path;
}

/// <summary>What a script of Sentinel's is told that Sentinel is.</summary>
internal enum CommandRole
{
    /// <summary>The one that does the failover.</summary>
    Leader,

    /// <summary>One of those that hear of it.</summary>
    Observer,
}
