using System.Net;
using System.Net.Http.Headers;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What clients log in with shows up nowhere, however much the proxy is asked to say.</summary>
public sealed class SecretTests
{
    private const string Password = "client-canary";

    [Fact]
    public async Task CredentialsOfClients_OverAFailover_AreNeitherLoggedNorShown()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        foreach (RedisServer server in deployment.Servers)
        {
            await server.CallAsync("ACL", "SETUSER", "app", "on", $">{Password}", "~*", "+@all");
        }

        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("slowlog.threshold", "1ms") with { Arguments = ["--log-level", "trace"] });
        using RawClient authenticated = await proxy.ConnectAsync();
        using RawClient greeted = await proxy.ConnectAsync();
        using RawClient mistaken = await proxy.ConnectAsync();
        Assert.Equal("OK", (await authenticated.CallAsync("AUTH", "app", Password)).Text);
        Assert.Equal('%', (await greeted.CallAsync("HELLO", "3", "AUTH", "app", Password)).Kind);
        Assert.Equal("WRONGPASS", (await mistaken.CallAsync("AUTH", "app", $"wrong-{Password}")).ErrorCode);

        // The new master is told all of it again.
        await deployment.FailoverAsync();
        await deployment.WaitForMasterAsync(deployment.Servers[0], TimeSpan.FromSeconds(30));
        Assert.Equal("app", (await authenticated.CallAsync("ACL", "WHOAMI")).Text);
        Assert.Equal("app", (await greeted.CallAsync("ACL", "WHOAMI")).Text);
        await authenticated.SendAsync($"AUTH app {Password}\r\n*1\r\nno request {Password}\r\n");
        await authenticated.ReadToEndAsync();

        foreach (string path in new[] { "", "status", "sessions", "slowlog", "config", "metrics", "healthz/ready" })
        {
            string shown = await proxy.Http.GetStringAsync(new Uri(path, UriKind.Relative));
            Assert.DoesNotContain("canary", shown, StringComparison.Ordinal);
        }

        await proxy.StopAsync();
        string log = await File.ReadAllTextAsync(proxy.Process.LogFile);
        Assert.Contains(" is up, ", log, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenFile_ThatChanges_IsTakenWithoutAReload()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("token"), "first\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyProcessOptions { BackendEndpoint = "127.0.0.1:1" }.With("admin.tokenFile", folder.File("token")));
        Assert.Equal(HttpStatusCode.OK, await ResumeAsync("first"));

        await File.WriteAllTextAsync(folder.File("new"), "second\n");
        File.Move(folder.File("new"), folder.File("token"), overwrite: true);
        await Eventually.Within(
            TimeSpan.FromSeconds(20), async () => await ResumeAsync("second") == HttpStatusCode.OK, "the new token is good");
        Assert.NotEqual(HttpStatusCode.OK, await ResumeAsync("first"));
        await Eventually.Within(
            TimeSpan.FromSeconds(20),
            () => proxy.Process.LogTail.Contains("Reload: admin.token: changed", StringComparison.Ordinal),
            "the log says so");

        async Task<HttpStatusCode> ResumeAsync(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("resume", UriKind.Relative));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using HttpResponseMessage response = await proxy.Http.SendAsync(request);
            return response.StatusCode;
        }
    }
}
