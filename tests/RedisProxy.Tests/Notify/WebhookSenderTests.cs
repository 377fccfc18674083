using System.Globalization;
using System.Security.Cryptography;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Testing;
using RedisProxy.Tests.Sessions;

namespace RedisProxy.Tests.Notify;

/// <summary>Real requests to a real receiver.</summary>
public sealed class WebhookSenderTests : IAsyncLifetime
{
    private const string Secret = "k3y";

    private static readonly Notification Told = new()
    {
        Id = "abc-1",
        Event = NotifyEvent.MasterDown,
        At = DateTimeOffset.UnixEpoch,
        Master = "m",
        Text = "It is „down“",
    };

    private readonly HttpMessageInvoker _http = WebhookSender.CreateHttp();
    private HookReceiver _receiver = null!;

    public async ValueTask InitializeAsync() => _receiver = await HookReceiver.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task Message_IsPostedWithItsHeadersAndASignatureThatCanBeVerified()
    {
        Attempt attempt = await TryAsync(Secret, attempt: 3);
        Assert.Equal((AttemptEnd.Done, "answered 204"), (attempt.End, attempt.Detail));
        HookRequest request = Assert.Single(_receiver.Requests);
        Assert.Equal("POST /hooks/canary-path?key=canary-query", request.Line);
        Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]);
        Assert.Equal("RedisProxy", request.Headers["User-Agent"]);
        Assert.Equal(("master_down", "abc-1", "3"), (
            request.Headers["X-RedisProxy-Event"], request.Headers["X-RedisProxy-Id"], request.Headers["X-RedisProxy-Attempt"]));
        Assert.False(request.Headers.ContainsKey("traceparent"));
        Assert.Equal("It is „down“", request.Json.GetProperty("text").GetString());

        // As docs/notifications.md tells a receiver to do it.
        string[] parts = request.Headers["X-RedisProxy-Signature"].Split(',');
        string seconds = parts[0]["t=".Length..];
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes($"{seconds}.{request.Body}"));
        Assert.Equal($"v1={Convert.ToHexStringLower(expected)}", parts[1]);
        long age = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(seconds, CultureInfo.InvariantCulture);
        Assert.InRange(age, 0, 60);
    }

    [Fact]
    public void Signature_IsWhatOpensslMakesOfTheDocumentedCommand() => Assert.Equal(
        "t=1700000000,v1=e2974d0d973957aed8182a7f1ef5690a188566c2c4620fc16bd97d7febcf5ef3",
        WebhookSignature.Of("k3y", DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), "{}"u8));

    [Fact]
    public async Task Message_WithoutASecret_IsNotSigned()
    {
        await TryAsync(secret: null);
        Assert.False(Assert.Single(_receiver.Requests).Headers.ContainsKey("X-RedisProxy-Signature"));
    }

    [Theory]
    [InlineData(500, false)]
    [InlineData(503, false)]
    [InlineData(429, false)]
    [InlineData(408, false)]
    [InlineData(400, true)]
    [InlineData(404, true)]
    [InlineData(301, true)]
    [InlineData(307, true)]
    public async Task Status_Bad_IsTriedAgainOrNot(int status, bool isForGood)
    {
        _receiver.Status = status;
        _receiver.Location = _receiver.Url;
        _receiver.RetryAfter = "7";
        Attempt attempt = await TryAsync();
        Assert.Equal((isForGood ? AttemptEnd.Refused : AttemptEnd.Failed, $"answered {status}"), (attempt.End, attempt.Detail));
        Assert.Equal(TimeSpan.FromSeconds(7), attempt.RetryAfter);
        Assert.Single(_receiver.Requests);
    }

    [Fact]
    public async Task Receiver_ThatDoesNotAnswer_IsGivenUpInTime()
    {
        _receiver.IsSilent = true;
        Attempt attempt = await TryAsync(timeout: TimeSpan.FromMilliseconds(300));
        Assert.Equal((AttemptEnd.Failed, "no answer within 300ms"), (attempt.End, attempt.Detail));
    }

    [Fact]
    public async Task Receiver_ThatIsNotThere_IsTriedAgainAndSaysWhyWithoutTheAddress()
    {
        Attempt attempt = await TryAsync(url: $"http://127.0.0.1:{FreePorts.Take()}/canary?key=canary");
        Assert.Equal((AttemptEnd.Failed, "Connection refused"), (attempt.End, attempt.Detail));
    }

    [Theory]
    [InlineData("-ERR unknown command 'POST', with args beginning with: '/canary' 'HTTP/1.1' \r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n/canary\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n")]
    public async Task Receiver_ThatSpeaksAnotherProtocol_IsTriedAgainAndNotQuoted(string answer)
    {
        using var other = new ScriptedBackend();
        Task<Attempt> trying = TryAsync(url: $"http://{other.Address}/canary");
        using RawClient accepted = await other.AcceptAsync();
        await accepted.SendAsync(answer);
        accepted.HalfClose();
        Attempt attempt = await trying;
        Assert.DoesNotContain("canary", attempt.Detail, StringComparison.Ordinal);
        Assert.True(attempt.End == AttemptEnd.Failed || attempt.Detail == "answered 200", attempt.Detail);
    }

    [Fact]
    public async Task Credentials_InTheUrl_AreSentAsBasicAuthentication()
    {
        await TryAsync(url: _receiver.Url.Replace("http://", "http://user:p%40ss@", StringComparison.Ordinal));
        HookRequest request = Assert.Single(_receiver.Requests);
        Assert.Equal("Basic " + Convert.ToBase64String("user:p@ss"u8), request.Headers["Authorization"]);
        Assert.Equal($"127.0.0.1:{_receiver.Port}", request.Headers["Host"]);
    }

    private Task<Attempt> TryAsync(string? secret = Secret, int attempt = 1, TimeSpan? timeout = null, string? url = null)
    {
        var options = new NotifyWebhookOptions
        {
            Url = new Uri(url ?? _receiver.Url),
            Secret = secret,
            Timeout = timeout ?? TimeSpan.FromSeconds(20),
        };
        return new WebhookSender(options, _http, TimeProvider.System)
            .TryAsync(new Message(Told, NotificationJson.Write(Told, DroppedCounts.Nothing)), attempt, CancellationToken.None);
    }
}
