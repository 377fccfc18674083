using System.Diagnostics.Metrics;

using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>
/// Pushes the instruments of <see cref="ProxyMetrics"/> to a collector, with the OpenTelemetry SDK and its exporter. It pushes only when
/// called. Not thread-safe; every method blocks the calling thread.
/// </summary>
internal sealed class OtlpPipeline : IDisposable
{
    private const string ServiceName = "redisproxy";
    private const string SignalPath = "/v1/metrics";

    private readonly OtlpAnswer _answer;
    private readonly ProxyMetrics _metrics;
    private readonly MeterProvider _provider;

    public OtlpPipeline(OtlpOptions options, ProxyMetrics metrics)
    {
        _answer = new OtlpAnswer(options.Timeout);
        _metrics = metrics;
        OtlpMetricExporter exporter = CreateExporter(options, _answer);
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(metrics.Meter.Name)
            .AddView(ViewOf)
            .AddReader(new BaseExportingMetricReader(exporter) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative })
            .Build();
    }

    /// <returns>Null if the collector accepted it; otherwise why not.</returns>
    public string? Push()
    {
        _metrics.CatchUp();
        return _provider.ForceFlush() ? null : _answer.Describe();
    }

    /// <summary>The last push.</summary>
    /// <inheritdoc cref="Push"/>
    public string? Finish()
    {
        _metrics.CatchUp();
        return _provider.Shutdown() ? null : _answer.Describe();
    }

    public void Dispose()
    {
        _provider.Dispose();
        _answer.Dispose();
    }

    // The buckets are those of the instrument. The minimum and maximum within them are not known.
    private static MetricStreamConfiguration? ViewOf(Instrument instrument) =>
        instrument is Histogram<double> ? new ExplicitBucketHistogramConfiguration { RecordMinMax = false } : null;

    private static OtlpMetricExporter CreateExporter(OtlpOptions options, OtlpAnswer answer)
    {
        // Sets everything that the exporter would otherwise read from OTEL_EXPORTER_OTLP_…: only the proxy's configuration counts.
        bool isGrpc = options.Protocol == OtlpProtocol.Grpc;
        return new OtlpMetricExporter(new OtlpExporterOptions
        {
            Endpoint = isGrpc ? options.Endpoint! : WithSignalPath(options.Endpoint!),
            Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
            TimeoutMilliseconds = (int)options.Timeout.TotalMilliseconds,
            Headers = "",
            HttpClientFactory = () => CreateHttp(options, answer),
        });
    }

    private static HttpClient CreateHttp(OtlpOptions options, OtlpAnswer answer)
    {
        var http = new HttpClient(answer, disposeHandler: false) { Timeout = options.Timeout };
        if (options.Headers is { } given)
        {
            OtlpHeaders.Parse(given, out IReadOnlyList<KeyValuePair<string, string>> headers);
            foreach ((string name, string value) in headers)
            {
                http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
            }
        }

        return http;
    }

    // Accepts the collector's base URL as well as the full one; the gRPC exporter has a path of its own.
    private static Uri WithSignalPath(Uri endpoint)
    {
        string path = endpoint.AbsolutePath.TrimEnd('/');
        return new UriBuilder(endpoint) { Path = path.EndsWith(SignalPath, StringComparison.Ordinal) ? path : path + SignalPath }.Uri;
    }

    // service.instance.id is random, as OpenTelemetry recommends: containers on the host's network share its name, and all are process 1.
    // OTEL_RESOURCE_ATTRIBUTES, with which orchestrators describe what they start, takes precedence.
    private static void Describe(ResourceBuilder resource) => resource
        .AddService(ServiceName, serviceVersion: BuildInfo.Version)
        .AddAttributes([new("host.name", Environment.MachineName)])
        .AddEnvironmentVariableDetector();
}
