using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Notify;

/// <summary>What a webhook leads to: takes messages and keeps them, or does not answer as it should.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<HookRequest> _requests = [];
    private readonly TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;

    public int Port { get; } = FreePorts.Take();

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/hooks/canary-path?key=canary-query");

    /// <summary>What was received, the last one last.</summary>
    public IReadOnlyList<HookRequest> Requests => [.. _requests];

    public int Status { get; set; } = StatusCodes.Status204NoContent;

    public string? Location { get; set; }

    public string? RetryAfter { get; set; }

    /// <summary>Requests are not answered at all.</summary>
    public bool IsSilent { get; set; }

    public static async Task<HookReceiver> StartAsync()
    {
        var receiver = new HookReceiver();
        await receiver.ListenAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        _answers.TrySetResult();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private Task ListenAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, Port));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        return _app.StartAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        _requests.Enqueue(new HookRequest(
            $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}",
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Encoding.UTF8.GetString(body.ToArray())));
        if (IsSilent)
        {
            await _answers.Task.WaitAsync(http.RequestAborted);
        }

        http.Response.StatusCode = Status;
        if (Location is { } location)
        {
            http.Response.Headers.Location = location;
        }

        if (RetryAfter is { } later)
        {
            http.Response.Headers.RetryAfter = later;
        }
    }
}

internal sealed record HookRequest(string Line, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public JsonElement Json { get; } = JsonDocument.Parse(Body).RootElement;

    public string Event => Json.GetProperty("event").GetString()!;
}
