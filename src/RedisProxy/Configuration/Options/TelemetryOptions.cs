namespace RedisProxy.Configuration;

/// <summary><c>otlp</c>: also push the metrics to a collector, with OpenTelemetry's protocol (OTLP).</summary>
internal sealed record OtlpOptions
{
    /// <summary>
    /// <c>endpoint</c>: URL of the collector, <c>http</c> or <c>https</c>, such as <c>http://collector:4318</c>; with <c>grpc</c> usually
    /// port 4317. <c>/v1/metrics</c> is appended to its path. Default, and the empty string: nothing is pushed.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary><c>protocol</c>: the default is the OpenTelemetry specification's.</summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>
    /// <c>interval</c>: time between two pushes. With OpenTelemetry's usual 60s, alert rules that compute rates over one or two minutes
    /// would have too few points.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>timeout</c>: time limit of one push; after it, the values are part of the next push.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>headers</c> or the first line of <c>headersFile</c>: sent with each push, as in <c>Authorization=Bearer%20abc,X-Tenant=a</c>:
    /// percent-encoded, as OpenTelemetry's environment variables are. Never shown.
    /// </summary>
    public string? Headers { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Otlp {Endpoint?.ToString() ?? "off"}";
}

/// <summary>The transport of OTLP.</summary>
internal enum OtlpProtocol
{
    HttpProtobuf,
    Grpc,
}
