namespace RedisProxy.Configuration;

/// <summary><c>otlp</c>: the metrics are also pushed to a collector, with OpenTelemetry's protocol (OTLP).</summary>
internal sealed record OtlpOptions
{
    /// <summary>
    /// <c>endpoint</c>: URL of the collector, <c>http</c> or <c>https</c>, such as <c>http://collector:4318</c>; with <c>grpc</c> mostly
    /// port 4317. <c>/v1/metrics</c> is added to its path. Default none, as is the empty string: nothing is pushed.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary>
    /// <c>protocol</c>: <c>http/protobuf</c> or <c>grpc</c>. Default <c>http/protobuf</c>, as OpenTelemetry's specification has it.
    /// </summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>
    /// <c>interval</c>: between two pushes. Default 15s, 1s to 1h. OpenTelemetry's usual 60s would leave the rates of alert rules, which
    /// look at one or two minutes, without points.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>timeout</c>: of one push; what it had to say is in the next one. Default 10s, 100ms to 1m.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>headers</c> or the first line of <c>headersFile</c>: sent with each push, as in <c>Authorization=Bearer%20abc,X-Tenant=a</c>:
    /// percent-encoded, which is how OpenTelemetry writes them in the environment. Default none. Never shown.
    /// </summary>
    public string? Headers { get; init; }

    /// <inheritdoc cref="SentinelOptions.ToString"/>
    public override string ToString() => $"Otlp {Endpoint?.ToString() ?? "off"}";
}

/// <summary>How OTLP is carried.</summary>
internal enum OtlpProtocol
{
    HttpProtobuf,
    Grpc,
}
