using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What operators can do to a running proxy, and what its clients see of it.</summary>
public sealed class OperatorVerbTests : IAsyncLifetime
{
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server).With("admin.token", Token).With("hold.timeout", "20s"));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Pause_HoldsRequestsUntilResumeAndLosesNone()
    {
        using RawClient client = await _proxy.ConnectAsync();
        using RawClient blocked = await _proxy.ConnectAsync();
        await client.CallAsync("PING");
        await blocked.SendAsync(RawClient.Command("BLPOP", "list", "0"));
        await EventuallyServerSaysAsync("blocked_clients", "1");
        Assert.Equal((HttpStatusCode.OK, "paused for at most 600 s: default"), await PostAsync("pause?for=10m"));
        await client.SendAsync(RawClient.Command("SET", "k", "v"));
        await EventuallySessionsAsync("?phase=draining", 2);
        await EventuallyWaitingAsync(1);
        Assert.Null((await _server.CallAsync("GET", "k")).Text);

        // What was in flight is answered all the same.
        await _server.CallAsync("RPUSH", "list", "element");
        Assert.Equal("element", (await blocked.ReadReplyAsync()).Items[1].Text);

        // A client that comes now waits as well.
        using RawClient late = await _proxy.ConnectAsync();
        await late.SendAsync(RawClient.Command("GET", "k"));
        Assert.Equal((HttpStatusCode.OK, "resumed: default"), await PostAsync("resume"));
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        Assert.NotNull(await late.ReadReplyAsync());
        Assert.Equal((HttpStatusCode.OK, "nothing was paused"), await PostAsync("resume"));
    }

    [Fact]
    public async Task Pause_EndsByItself()
    {
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("PING");
        await PostAsync("pause?for=300ms");
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);

        // The log is written by a thread of its own, so the reply may be faster.
        await Eventually.Within(
            Patience,
            () => _proxy.Process.LogTail.Contains("The pause of listener 'default' is over", StringComparison.Ordinal),
            "the log says that it is over");
    }

    [Fact]
    public async Task Stop_WhilePaused_AnswersWhatWaitsAndEndsInOrder()
    {
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(_server).With("admin.token", Token).With("hold.timeout", "20s"));
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("PING");
        await PostAsync("pause?for=10m", on: proxy);
        await client.SendAsync(RawClient.Command("SET", "k", "v"));
        await Eventually.Within(
            Patience,
            async () => (await proxy.Http.GetStringAsync(new Uri("sessions", UriKind.Relative))).Contains("\"waiting\": 1"),
            "the request waits");
        proxy.Process.Terminate();
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Kill_EndsOneSessionWithFin()
    {
        using RawClient victim = await _proxy.ConnectAsync();
        using RawClient other = await _proxy.ConnectAsync();
        await victim.CallAsync("CLIENT", "SETNAME", "victim");
        await other.CallAsync("PING");
        long id = 0;
        await Eventually.Within(
            Patience, async () => (id = (long)(await SessionsAsync("?name=victim"))[0]!["id"]!) > 0, "the victim is listed");
        Assert.Equal((HttpStatusCode.OK, $"killed session {id}"), await PostAsync($"sessions/{id}/kill"));
        Assert.Equal(new ConnectionEnd("", WasReset: false), await victim.ReadToEndAsync());
        Assert.Equal("PONG", (await other.CallAsync("PING")).Text);
        Assert.Equal((HttpStatusCode.NotFound, $"there is no session {id}"), await PostAsync($"sessions/{id}/kill"));
        await Eventually.Within(
            Patience,
            async () => (await _proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "killed")) == 1,
            "it is counted, once its client has closed as well");
    }

    [Fact]
    public async Task Drain_OfOneListener_EndsItsSessionsAndLeavesTheOthers()
    {
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server).With("admin.token", Token) with
        {
            Listeners = [new ProxyListener { Name = "one" }, new ProxyListener { Name = "two" }],
        });
        using RawClient one = await RawClient.ConnectAsync(proxy.Ports[0]);
        using RawClient two = await RawClient.ConnectAsync(proxy.Ports[1]);
        await one.CallAsync("PING");
        await two.CallAsync("PING");
        (HttpStatusCode status, string text) = await PostAsync("drain?listener=one", on: proxy);
        Assert.Equal((HttpStatusCode.OK, "draining: one, 1 session(s) left"), (status, text));
        Assert.Equal(new ConnectionEnd("", WasReset: false), await one.ReadToEndAsync());
        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => RawClient.ConnectAsync(proxy.Ports[0]));
        Assert.Equal("PONG", (await two.CallAsync("PING")).Text);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync("/healthz/ready")).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("drain", on: proxy)).Status);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await two.ReadToEndAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await proxy.Http.GetAsync("/healthz/ready")).StatusCode);
        Assert.Equal((HttpStatusCode.OK, "every listener is draining already"), await PostAsync("drain", on: proxy));
        Assert.Contains("\"draining\": true", await proxy.Http.GetStringAsync("/status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_IsAnsweredLikeGetWithoutTheBody()
    {
        foreach (string path in new[] { "/", "metrics", "healthz/live", "healthz/ready", "status", "sessions", "config" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
            Assert.Equal((path, HttpStatusCode.OK, ""), (path, response.StatusCode, await response.Content.ReadAsStringAsync()));
        }
    }

    /// <summary>The variable with the name was not set: that must not drain, or pause, all of them.</summary>
    [Theory]
    [InlineData("drain?listener=")]
    [InlineData("pause?listener=&for=10m")]
    public async Task Listener_WithoutAName_IsNotEveryListener(string order)
    {
        Assert.Equal((HttpStatusCode.BadRequest, "listener must have one value, or be left out"), await PostAsync(order));
        using RawClient client = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    [InlineData(Token + "x", HttpStatusCode.Unauthorized)]
    public async Task Verb_WithoutTheToken_DoesNothing(string? token, HttpStatusCode expected)
    {
        Assert.Equal(expected, (await PostAsync("pause", token)).Status);
        using HttpResponseMessage get = await _proxy.Http.GetAsync(new Uri("pause", UriKind.Relative));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        using RawClient client = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        Assert.DoesNotContain(Token, _proxy.Process.LogTail + await _proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative)));
    }

    [Theory]
    [InlineData("bearer " + Token)]
    [InlineData("BEARER   " + Token)]
    public async Task Verb_WithTheSchemeInAnyCase_IsTaken(string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("resume", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Tokens_ThatAreWrong_AreCountedLoggedOnceAndHoldUpNobody()
    {
        long began = TimeProvider.System.GetTimestamp();
        Task<(HttpStatusCode Status, string Text)>[] guesses =
            [.. Enumerable.Range(0, 40).Select(i => PostAsync("drain", $"guess-canary-{i}"))];

        Assert.Equal((HttpStatusCode.OK, "nothing was paused"), await PostAsync("resume"));
        Assert.Equal(HttpStatusCode.OK, (await _proxy.Http.GetAsync("/healthz/live")).StatusCode);
        Assert.All(await Task.WhenAll(guesses), answer => Assert.Equal(HttpStatusCode.Unauthorized, answer.Status));
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= RedisProxy.Admin.OperatorAccess.Delay, "a guess takes its time");
        await PostAsync("drain", token: null);
        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        Assert.Equal(40, metrics.Value("redisproxy_admin_refused_total", ("reason", "wrong_token")));
        Assert.Equal(1, metrics.Value("redisproxy_admin_refused_total", ("reason", "no_token")));
        await Eventually.Within(Patience, () => Logged("was refused POST /drain: no_token") == 1, "the log says it");
        Assert.Matches(@"127\.0\.0\.1:\d+ was refused POST /drain: wrong_token \(0 earlier refusals", _proxy.Process.LogTail);
        Assert.InRange(Logged("wrong_token"), 1, 2);
        Assert.DoesNotContain("canary", await File.ReadAllTextAsync(_proxy.Process.LogFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbs_AreInTheLogWithTheirCallerAndWhatCameOfThem()
    {
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("PING");
        long id = (long)(await SessionsAsync(""))[0]!["id"]!;
        await PostAsync($"sessions/{id}/kill");
        await Eventually.Within(
            Patience, () => Logged($"was answered 200 for POST /sessions/{id}/kill: killed session {id}") == 1, "it is logged");
        Assert.Matches($@"127\.0\.0\.1:\d+ requested POST /sessions/{id}/kill", _proxy.Process.LogTail);
        Assert.Matches($@"ends session {id} of 127\.0\.0\.1:\d+", _proxy.Process.LogTail);

        // What somebody writes into a name is no line of the log.
        await PostAsync("pause?listener=%0Aforged");
        await Eventually.Within(Patience, () => Logged("was answered 400 for POST /pause?listener=%0Aforged:") == 1, "it is one line");
    }

    [Fact]
    public async Task Verbs_OverAUnixSocket_AreLoggedWithTheUserBehindIt()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("admin.sock");
        (string program, string[] arguments) = ProxyProgram.Command(
            ProxyProgram.Find(), ["--listen", $"{FreePorts.Take()}", "--backend", _server.Endpoint, "--admin", $"unix:{path}"]);
        await using ChildProcess proxy = await ChildProcess.StartAsync(
            "proxy", program, arguments, folder.File("log"), ProxyProgram.CleanEnvironment());
        await Eventually.Within(Patience, () => proxy.LogTail.Contains("is available", StringComparison.Ordinal), "it serves");
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost/") };
        using HttpResponseMessage response = await http.PostAsync(new Uri("resume", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Eventually.Within(
            Patience,
            () => System.Text.RegularExpressions.Regex.IsMatch(
                proxy.LogTail, $@"uid \d+ \(pid {Environment.ProcessId}\) requested POST /resume"),
            "the log says who");
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
    }

    [Fact]
    public async Task Verb_WithoutATokenInTheConfiguration_IsRefused()
    {
        await using ProxyProcess open = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server));
        using HttpResponseMessage response = await open.Http.PostAsync(new Uri("pause", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("admin.token is not configured", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pause?for=soon", "for must be a duration")]
    [InlineData("pause?for=11m", "for must be a duration")]
    [InlineData("pause?listener=other", "there is no listener 'other'")]
    [InlineData("sessions/x/kill", "a session's id is a number")]
    public async Task Verb_BadRequest_IsRefusedWithAReason(string path, string reason)
    {
        (HttpStatusCode status, string text) = await PostAsync(path);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(reason, text, StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Text)> PostAsync(string path, string? token = Token, ProxyProcess? on = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await (on ?? _proxy).Http.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }

    private int Logged(string text) => File.ReadAllText(_proxy.Process.LogFile).Split(text).Length - 1;

    private async Task<JsonArray> SessionsAsync(string query) =>
        JsonNode.Parse(await _proxy.Http.GetStringAsync(new Uri($"sessions{query}", UriKind.Relative)))!["sessions"]!.AsArray();

    private Task EventuallySessionsAsync(string query, int count) =>
        Eventually.Within(Patience, async () => (await SessionsAsync(query)).Count == count, $"{count} sessions are {query}");

    private Task EventuallyWaitingAsync(int count) => Eventually.Within(
        Patience, async () => (await SessionsAsync("")).Sum(session => (int)session!["waiting"]!) == count, $"{count} requests wait");

    private Task EventuallyServerSaysAsync(string field, string value) =>
        Eventually.Within(Patience, async () => (await _server.InfoAsync("clients"))[field] == value, $"{field} is {value}");
}
