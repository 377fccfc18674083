using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A collector as the proxy sees it: takes metrics over OTLP and keeps them, or does not answer as it should.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int GrpcPrefix = 5;
    private const int GrpcUnavailable = 14;

    private readonly ConcurrentQueue<Request> _requests = [];
    private readonly TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _isGrpc;
    private WebApplication? _app;

    private OtlpReceiver(bool isGrpc)
    {
        _isGrpc = isGrpc;
    }

    public int Port { get; } = FreePorts.Take();

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>What was received, the last one last.</summary>
    public IReadOnlyCollection<Request> Requests => _requests;

    /// <summary>Whether requests are answered as failed.</summary>
    public bool IsFailing { get; set; }

    /// <summary>Requests are not answered at all.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Not listening yet.</summary>
    public static OtlpReceiver Create(bool isGrpc = false) => new(isGrpc);

    public static async Task<OtlpReceiver> StartAsync(bool isGrpc = false)
    {
        OtlpReceiver receiver = Create(isGrpc);
        await receiver.ListenAsync();
        return receiver;
    }

    public Task ListenAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(
            IPAddress.Loopback, Port, listen => listen.Protocols = _isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        return _app.StartAsync();
    }

    /// <summary>Waits for one that is as wanted.</summary>
    public Task<Request> WaitForAsync(TimeSpan within, Func<OtlpMessage, bool> isWanted, string what) => Eventually.Within(
        within,
        () => Task.FromResult(_requests.Last()),
        request => isWanted(request.Message),
        what);

    public async ValueTask DisposeAsync()
    {
        _answers.TrySetResult();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        byte[] message = _isGrpc ? body.ToArray()[GrpcPrefix..] : body.ToArray();
        _requests.Enqueue(new Request(
            http.Request.Method,
            http.Request.Path.ToString(),
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            OtlpMessage.Parse(message)));
        if (IsSilent)
        {
            await _answers.Task.WaitAsync(http.RequestAborted);
        }

        if (!_isGrpc)
        {
            http.Response.StatusCode = IsFailing ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            http.Response.ContentType = "application/x-protobuf";
            return;
        }

        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(IsFailing ? [] : new byte[GrpcPrefix]);
        http.Response.AppendTrailer("grpc-status", IsFailing ? GrpcUnavailable.ToString(CultureInfo.InvariantCulture) : "0");
    }

    internal sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers, OtlpMessage Message);
}
