using System.Diagnostics.Metrics;

using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>
/// The instruments of <see cref="ProxyMetrics"/>, read by the OpenTelemetry SDK and sent to a collector by its exporter. It pushes when it
/// is told to. Not thread-safe; everything here waits on the calling thread.
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

    /// <returns>Null when it arrived; else why not.</returns>
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

    // Buckets are those of the instrument. Of the values in them, the least and the greatest are not known.
    private static MetricStreamConfiguration? ViewOf(Instrument instrument) =>
        instrument is Histogram<double> ? new ExplicitBucketHistogramConfiguration { RecordMinMax = false } : null;

    private static OtlpMetricExporter CreateExporter(OtlpOptions options, OtlpAnswer answer)
    {
        // All that the exporter would otherwise take from OTEL_EXPORTER_OTLP_…: this configuration is the one that counts.
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

    // People give the collector's base or the whole of it; gRPC's exporter has a path of its own.
    private static Uri WithSignalPath(Uri endpoint)
    {
        string path = endpoint.AbsolutePath.TrimEnd('/');
        return new UriBuilder(endpoint) { Path = path.EndsWith(SignalPath, StringComparison.Ordinal) ? path : path + SignalPath }.Uri;
    }

    // The instance is a random one, as OpenTelemetry recommends: containers with the host's network have one name, and all have process 1.
    // OTEL_RESOURCE_ATTRIBUTES, with which orchestrators name what they start, wins.
    private static void Describe(ResourceBuilder resource) => resource
        .AddService(ServiceName, serviceVersion: BuildInfo.Version)
        .AddAttributes([new("host.name", Environment.MachineName)])
        .AddEnvironmentVariableDetector();
}
