using System.Net;
using System.Net.Security;
using System.Text.Json;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Where the admin surface answers, what, and to whom.</summary>
public sealed class AdminAddressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task MetricsBind_ServesHealthAndMetricsAndNothingElse()
    {
        int port = FreePorts.Take();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyProcessOptions { BackendEndpoint = "127.0.0.1:1" }.With("admin.metricsBind", $"127.0.0.1:{port}"));
        using var metrics = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = Patience };
        string scraped = await metrics.GetStringAsync(new Uri("metrics", UriKind.Relative));
        Assert.Contains("redisproxy_build_info", scraped, StringComparison.Ordinal);
        Assert.Equal("ok\n", await metrics.GetStringAsync(new Uri("healthz/live", UriKind.Relative)));
        foreach (string path in new[] { "", "status", "sessions", "events", "audit", "metrics/x" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await metrics.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
        }

        foreach (string verb in new[] { "pause", "drain", "reload", "failover" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await metrics.PostAsync(new Uri(verb, UriKind.Relative), content: null)).StatusCode);
        }

        // Everything is still at the other address.
        Assert.Equal("ok\n", await proxy.Http.GetStringAsync(new Uri("healthz/live", UriKind.Relative)));
        Assert.Equal(HttpStatusCode.OK, (await proxy.Http.GetAsync(new Uri("status", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Tls_IsForBothAddressesAndItsCommandsTrustTheConfiguredCertificate()
    {
        using var authority = new TestAuthority();
        using var folder = new TemporaryFolder();
        IssuedCertificate own = authority.Issue("admin", "admin.test");
        (int admin, int metrics) = (FreePorts.Take(), FreePorts.Take());
        string file = folder.File("proxy.json");
        await File.WriteAllTextAsync(file, $$"""
            { "listeners": [ { "bind": "127.0.0.1:{{FreePorts.Take()}}", "name": "m" } ], "backend": { "endpoint": "127.0.0.1:1" },
              "admin": { "bind": "127.0.0.1:{{admin}}", "metricsBind": "127.0.0.1:{{metrics}}", "token": "t0ken",
                         "tls": { "certificateFile": {{JsonSerializer.Serialize(own.CertificateFile)}},
                                  "keyFile": {{JsonSerializer.Serialize(own.KeyFile)}} } } }
            """);
        await using ChildProcess proxy = await StartAsync(folder, "proxy", "--config", file);
        await Eventually.Within(Patience, () => proxy.LogTail.Contains(" is up, ", StringComparison.Ordinal), "it is up");
        Assert.Contains($"Status page on https://127.0.0.1:{admin};", proxy.LogTail, StringComparison.Ordinal);

        // 1. TLS, with this certificate, and nothing else.
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == own.Thumbprint,
            },
        };
        using var http = new HttpClient(handler) { Timeout = Patience };
        Assert.Equal("ok\n", await http.GetStringAsync(new Uri($"https://127.0.0.1:{admin}/healthz/live")));
        Assert.Equal("ok\n", await http.GetStringAsync(new Uri($"https://127.0.0.1:{metrics}/healthz/live")));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri($"https://127.0.0.1:{metrics}/status"))).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"http://127.0.0.1:{admin}/healthz/live")));

        // 2. The commands know it from the configuration.
        foreach (string[] command in new[] { new[] { "health", "--live" }, ["status"], ["resume"] })
        {
            await using ChildProcess asking = await StartAsync(folder, command[0], [.. command, "--config", file]);
            Assert.Equal((command[0], 0), (command[0], await asking.WaitForExitAsync(Patience)));
        }

        // 3. A renewed certificate is taken without a reload.
        IssuedCertificate renewed = authority.Issue("admin", "admin.test");
        using var later = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == renewed.Thumbprint,
            },
        });
        await Eventually.Within(
            Patience,
            async () => await later.GetStringAsync(new Uri($"https://127.0.0.1:{admin}/healthz/live")) == "ok\n",
            "the new certificate is shown");
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
    }

    private static async Task<ChildProcess> StartAsync(TemporaryFolder folder, string name, params string[] arguments)
    {
        (string program, string[] all) = ProxyProgram.Command(ProxyProgram.Find(), arguments);
        return await ChildProcess.StartAsync(name, program, all, folder.File($"{name}.log"), ProxyProgram.CleanEnvironment());
    }
}
