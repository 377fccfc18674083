using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>TLS as users have it: real servers and Sentinels that take nothing else, and an authority of the test.</summary>
public sealed class TlsTests(ITestOutputHelper output) : IDisposable
{
    private readonly TlsFixture _tls = new();

    public void Dispose() => _tls.Dispose();

    [Fact]
    public async Task PlannedFailover_WithMutualTlsOnAllSides_LosesNothingAndShowsNoError()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(
            new SentinelDeploymentOptions { Server = new RedisServerOptions { Tls = _tls.Server } },
            proxy => _tls.Listening(proxy, isMutual: true)
                .With("backend.tls", _tls.Peer(TlsFixture.ServerName)).With("sentinel.tls", _tls.Peer()),
            _tls.ConnectAsync);
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.Deployment.FailoverAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine(report.ToString());
        output.WriteLine(fixture.Proxy.Process.LogTail);
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        MetricsSnapshot metrics = await fixture.Proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_failovers_total", ("kind", "planned")));
        Assert.Equal(28, metrics.Sum("redisproxy_tls_handshakes_total", ("result", "done")));
    }

    [Fact]
    public async Task Certificates_ChangedUnderLoad_AreUsedForNewConnectionsAndEndNone()
    {
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { Tls = _tls.Server });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            _tls.Listening(ProxyProcessOptions.For(server), isMutual: true).With("backend.tls", _tls.Peer()));
        await using CountingWriter writers = CountingWriter.Start(() => _tls.ConnectAsync(proxy));
        await writers.WaitForAcknowledgedAsync(200, FailoverFixture.Patience);
        Assert.Equal(_tls.Proxy.Thumbprint, await ShownThumbprintAsync(proxy));

        // A broken file first: it is not used, and said to be broken.
        string good = await File.ReadAllTextAsync(_tls.Proxy.CertificateFile);
        await File.WriteAllTextAsync(_tls.Proxy.CertificateFile, "broken");
        await Eventually.Within(
            FailoverFixture.Patience,
            () => proxy.Process.LogTail.Contains("cannot be used, so those read before stay in use", StringComparison.Ordinal),
            "the log says that the new files are of no use");
        Assert.Equal(_tls.Proxy.Thumbprint, await ShownThumbprintAsync(proxy));

        IssuedCertificate renewed = _tls.Authority.Issue("proxy", TlsFixture.ProxyName);
        Assert.NotEqual(good, await File.ReadAllTextAsync(renewed.CertificateFile));
        await Eventually.Within(
            FailoverFixture.Patience, async () => await ShownThumbprintAsync(proxy) == renewed.Thumbprint, "clients are shown the new one");
        await writers.WaitForAcknowledgedAsync(200, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(server);
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors + writers.ConnectionsBroken);
    }

    [Fact]
    public async Task Clients_ThatAreNoneOrShowNoCertificate_AreEndedInOrderAndTheOthersServed()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            _tls.Listening(ProxyProcessOptions.For(server), isMutual: true, handshakeTimeout: "500ms"));
        using (RawClient plain = await proxy.ConnectAsync())
        {
            await plain.SendCommandAsync("PING");
            Assert.False((await plain.ReadToEndAsync()).WasReset);
        }

        using (RawClient silent = await proxy.ConnectAsync())
        {
            Assert.Equal(new ConnectionEnd("", WasReset: false), await silent.ReadToEndAsync());
        }

        using var stranger = new TestAuthority("a stranger");
        foreach (IssuedCertificate? shown in new[] { null, stranger.Issue("client", "client.test") })
        {
            // TLS 1.3 lets a client say something before the server has judged its certificate.
            Exception? refusal = await Record.ExceptionAsync(async () =>
            {
                using RawClient refused = await RawClient.ConnectTlsAsync(
                    proxy.Address, proxy.Port, _tls.Authority.File, TlsFixture.ProxyName, shown);
                await refused.CallAsync("PING");
            });
            Assert.True(refusal is IOException or AuthenticationException, $"{refusal}");
        }

        using RawClient client = await _tls.ConnectAsync(proxy);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        await client.SendCommandAsync("ECHO", "last");
        await client.NotifyCloseAsync();
        Assert.Equal("last", (await client.ReadReplyAsync()).Text);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        Assert.Contains("refused 127.0.0.1:", proxy.Process.LogTail, StringComparison.Ordinal);
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_tls_handshakes_total", ("result", "done")));
        using X509Certificate2 own = X509CertificateLoader.LoadCertificateFromFile(_tls.Proxy.CertificateFile);
        Assert.Equal(
            new DateTimeOffset(own.NotAfter.ToUniversalTime()).ToUnixTimeSeconds(),
            metrics.Value("redisproxy_certificate_expiry_timestamp_seconds"));
    }

    [Theory]
    [InlineData("other.test", false, "its certificate is for \"redis.test, 127.0.0.1\", not for \"other.test\"")]
    [InlineData(null, true, "its certificate \"redis.test, 127.0.0.1\" is not trusted")]
    public async Task Server_OfAnotherNameOrAuthority_GetsNothingAndIsNamedInTheLog(string? serverName, bool isStranger, string reason)
    {
        using var stranger = new TestAuthority("a stranger");
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { Tls = _tls.Server });
        ProxyProcessOptions options = ProxyProcessOptions.For(server)
            .With("backend.tls", _tls.Peer(serverName, isStranger ? stranger.File : null)).With("hold.timeout", "200ms");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(options);
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("LOADING", (await client.CallAsync("SET", "a", "b")).ErrorCode);
        await Eventually.Within(
            FailoverFixture.Patience, () => proxy.Process.LogTail.Contains(reason, StringComparison.Ordinal), $"the log says: {reason}");
        Assert.Equal(0, (await server.CallAsync("EXISTS", "a")).Number);
    }

    [Fact]
    public async Task Sentinel_OfAnotherName_IsNotBelieved()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(
            new SentinelDeploymentOptions { Server = new RedisServerOptions { Tls = _tls.Server }, Replicas = 1, Sentinels = 1 });
        ProxyProcessOptions options = ProxyProcessOptions.For(deployment).With("backend.tls", _tls.Peer(TlsFixture.ServerName));
        (int exitCode, string said) = await CheckAsync(options.With("sentinel.tls", _tls.Peer()));
        output.WriteLine(said);
        Assert.Equal(0, exitCode);
        Assert.Contains("verdict   can be served", said, StringComparison.Ordinal);

        // Nobody knows the servers' names, and whoever says so is believed.
        (exitCode, said) = await CheckAsync(
            options.With("sentinel.tls", _tls.Peer()).With("backend.tls", _tls.Peer()).With("backend.tls.verifyName", false));
        Assert.True(exitCode == 0, said);

        (exitCode, said) = await CheckAsync(options.With("sentinel.tls", _tls.Peer("other.test")));
        output.WriteLine(said);
        Assert.Equal(1, exitCode);
        Assert.Contains("its certificate is for \"redis.test, 127.0.0.1\", not for \"other.test\"", said, StringComparison.Ordinal);
        Assert.Contains("verdict   can NOT be served now", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargeValuesAndPipelines_OverTls_ComeBackWhole()
    {
        await using RedisServer server = await RedisServer.StartAsync(new RedisServerOptions { Tls = _tls.Server });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            _tls.Listening(ProxyProcessOptions.For(server), isMutual: false).With("backend.tls", _tls.Peer()));
        using RawClient client = await _tls.ConnectAsync(proxy);
        client.Timeout = FailoverFixture.Patience;
        string value = string.Concat(Enumerable.Range(0, 1_000_000).Select(number => $"{number:x5}"));
        Assert.Equal("OK", (await client.CallAsync("SET", "large", value)).Text);

        // Nothing is read before all is sent, so that every buffer on the way fills up.
        const int Rounds = 8;
        for (int i = 0; i < Rounds; i++)
        {
            await client.SendCommandAsync("GET", "large");
            await client.SendAsync(string.Concat(Enumerable.Range(0, 1000).Select(number => $"ECHO {i}-{number}\r\n")));
        }

        for (int i = 0; i < Rounds; i++)
        {
            Assert.True(value == (await client.ReadReplyAsync()).Text, $"value {i}");
            for (int number = 0; number < 1000; number++)
            {
                Assert.Equal($"{i}-{number}", (await client.ReadReplyAsync()).Text);
            }
        }
    }

    [Fact]
    public async Task Files_OfNoUse_AreRefusedAtStart()
    {
        ProxyProcessOptions options = new() { BackendEndpoint = "127.0.0.1:1" };
        (int exitCode, string said) = await ProxyProcess.RunToExitAsync(options.With("backend.tls", new System.Text.Json.Nodes.JsonObject
        {
            ["caFile"] = "/none/ca.crt",
            ["certificateFile"] = _tls.Proxy.CertificateFile,
            ["keyFile"] = _tls.Client.KeyFile,
        }));
        Assert.Equal(2, exitCode);
        Assert.Contains("backend.tls.caFile: \"/none/ca.crt\" does not exist; expected a PEM file", said, StringComparison.Ordinal);
        Assert.Contains("backend.tls.keyFile: ", said, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> CheckAsync(ProxyProcessOptions options) =>
        await ProxyProcess.RunToExitAsync(options with { Arguments = ["check"] });

    private async Task<string?> ShownThumbprintAsync(ProxyProcess proxy)
    {
        using RawClient client = await _tls.ConnectAsync(proxy);
        return client.PeerThumbprint;
    }
}
