namespace RedisProxy.Configuration;

/// <summary>
/// <c>notify[]</c>: receivers of notifications about failovers, and about anything else that needs attention, by webhook or command.
/// Default: none; the log has the same events. At most 32. A reload applies all changes in <c>notify</c>.
/// </summary>
internal sealed record NotifyOptions
{
    public const int MaxReceivers = 32;

    /// <summary><c>name</c>: label in logs and metrics. One word, unique.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>events</c>: the events to send. Default: all for a webhook, <c>failover_finished</c> for a command, as with Sentinel.
    /// </summary>
    public required IReadOnlyList<NotifyEvent> Events { get; init; }

    /// <summary>
    /// <c>masters</c>: only events of these masters, by the names in <c>listeners[].master</c> (without Sentinel: the names of the
    /// listeners). Events that concern no single master, such as those about Sentinels, are always sent. Default: empty, all masters.
    /// </summary>
    public IReadOnlyList<string> Masters { get; init; } = [];

    /// <summary>
    /// <c>startedAfter</c>: an outage that has lasted this long is reported while it lasts (<c>failover_started</c> or <c>master_down</c>);
    /// a shorter one is reported once, when it is over. Sentinels also count as lost only after this time.
    /// </summary>
    public TimeSpan StartedAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>rateLimit</c>: how many messages the receiver gets, and how often.</summary>
    public NotifyRateLimitOptions RateLimit { get; init; } = new();

    /// <summary><c>webhook</c>: sends messages by HTTP. Either this or <c>command</c>.</summary>
    public NotifyWebhookOptions? Webhook { get; init; }

    /// <summary><c>command</c>: runs a program for each message. Either this or <c>webhook</c>.</summary>
    public NotifyCommandOptions? Command { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Name;
}

/// <summary>
/// <c>notify[].rateLimit</c>: a token bucket. Messages that it drops are counted, and the next message says how many there were.
/// </summary>
internal sealed record NotifyRateLimitOptions
{
    /// <summary><c>burst</c>: the number of messages that may be sent at once.</summary>
    public int Burst { get; init; } = 10;

    /// <summary><c>interval</c>: time after which one more message may be sent, up to <c>burst</c>.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>notify[].webhook</c>: each message is a POST of JSON. Redirects are not followed; any 2xx is success.</summary>
internal sealed record NotifyWebhookOptions
{
    /// <summary>
    /// <c>url</c> or the first line of <c>urlFile</c>: absolute, <c>http</c> or <c>https</c>. Logs show only its scheme and host, because
    /// many services put a secret in the path. A user and a password in it are sent as Basic authentication.
    /// </summary>
    public required Uri Url { get; init; }

    /// <summary>
    /// <c>secret</c> or the first line of <c>secretFile</c>: each request is signed with it (HMAC-SHA256, header
    /// <c>X-RedisProxy-Signature</c>), so that the receiver can verify the sender. Default: none, requests are not signed. Never shown.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary><c>timeout</c>: time limit of one attempt, including connecting and TLS.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// <c>maxAttempts</c>: without a response, or after 408, 429 or 5xx, the message is sent again after 1s, 2s, 4s… and at most 30s, each
    /// up to a fifth shorter or longer; <c>Retry-After</c> in seconds is respected within that limit. Any other response ends the attempts.
    /// </summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The part of the URL that may be shown.</summary>
    public string ShownUrl => Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => ShownUrl;
}

/// <summary>
/// <c>notify[].command</c>: a program with the arguments of Sentinel's client-reconfig-script (redis.io, sentinel.conf). No shell is
/// involved; the program gets the message as JSON on its standard input.
/// </summary>
internal sealed record NotifyCommandOptions
{
    public const int MaxArgs = 64;

    /// <summary><c>path</c>: the program, which must exist and be executable.</summary>
    public required string Path { get; init; }

    /// <summary><c>args</c>: arguments in front of Sentinel's seven, passed unchanged. At most 64.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>
    /// <c>role</c>: the second of the seven arguments. Exactly one Sentinel calls itself the leader, and scripts check for it before doing
    /// what must be done only once. Where several proxies run the same script, make all but one of them observers.
    /// </summary>
    public CommandRole Role { get; init; } = CommandRole.Leader;

    /// <summary><c>timeout</c>: after this time the program is killed and run again. The default is Sentinel's.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// <c>maxAttempts</c>: after exit code 1, a signal or the timeout, the program is run again after 5s, 10s, 20s… and at most 1m; any
    /// exit code above 1 ends the attempts. The default is Sentinel's.
    /// </summary>
    public int MaxAttempts { get; init; } = 10;

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => Path;
}

/// <summary>The role in a failover that Sentinel passes to a script.</summary>
internal enum CommandRole
{
    /// <summary>The one that performs the failover.</summary>
    Leader,

    /// <summary>One of those that observe it.</summary>
    Observer,
}
