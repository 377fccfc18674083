using System.Globalization;

namespace RedisProxy.Admin;

/// <summary>
/// The outcome of the last request to a collector. The exporter reports only success or failure; the reason is in an event source, which
/// the native program does not have. Only numbers of an answer are reported: its text may contain secrets.
/// </summary>
/// <param name="timeout">Of a request, for the message.</param>
internal sealed class OtlpAnswer(TimeSpan timeout) : DelegatingHandler(new SocketsHttpHandler
{
    // Headers contain secrets for one collector, not for the target of a redirect.
    AllowAutoRedirect = false,

    // A collector's name may move to another address.
    PooledConnectionLifetime = TimeSpan.FromMinutes(5),
})
{
    private const string GrpcStatus = "grpc-status";

    private volatile HttpResponseMessage? _response;
    private volatile Exception? _error;

    /// <summary>The reason, as the end of a sentence.</summary>
    public string Describe() => (_error, _response) switch
    {
        (OperationCanceledException, _) => string.Create(CultureInfo.InvariantCulture, $"no answer within {timeout.TotalSeconds:0.###} s"),
        ({ } error, _) => error.InnerException?.Message ?? error.Message,
        (_, { IsSuccessStatusCode: false } response) => $"it answers HTTP {(int)response.StatusCode}",
        (_, { } response) when GrpcStatusOf(response) is { } status => $"it answers gRPC status {status}",
        _ => "it gives no complete answer",
    };

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            Begin();
            return _response = base.Send(request, cancellationToken);
        }
        catch (Exception error)
        {
            _error = error;
            throw;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            Begin();
            return _response = await base.SendAsync(request, cancellationToken);
        }
        catch (Exception error)
        {
            _error = error;
            throw;
        }
    }

    private void Begin()
    {
        _response = null;
        _error = null;
    }

    // Without content, trailers are sent as headers.
    private static string? GrpcStatusOf(HttpResponseMessage response) =>
        (response.TrailingHeaders.TryGetValues(GrpcStatus, out IEnumerable<string>? values)
            || response.Headers.TryGetValues(GrpcStatus, out values)) && int.TryParse(values.First(), out int status)
            ? status.ToString(CultureInfo.InvariantCulture)
            : null;
}
