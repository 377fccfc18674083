using System.Text.Json;

using RedisProxy.Hosting;
using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

public sealed class AuditTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static readonly SentinelDeploymentOptions Protected = new()
    {
        Server = new RedisServerOptions { Password = "audit-canary", Lines = ["save 3600 1"] },
    };

    [Fact]
    public async Task Audit_OfServersThatDrifted_SaysWhatTheNextFailoverWouldBring()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(Protected);

        (int exitCode, string output) = await AuditAsync(deployment);
        Assert.Equal((ExitCode.Ok, $"{Title(deployment)}\n  verdict   good\n"), (exitCode, output));

        // The book case: a limit that was set at run time on the master alone, and users that nobody made on the replica.
        await deployment.Servers[0].CallAsync("CONFIG", "SET", "maxmemory", "1gb");
        await deployment.Servers[0].CallAsync("ACL", "SETUSER", "app", "on", ">app-canary", "~*", "+@all");
        await deployment.Servers[1].CallAsync("CONFIG", "SET", "maxmemory", "100mb");
        (exitCode, output) = await AuditAsync(deployment);

        Assert.Equal(ExitCode.Critical, exitCode);
        string replica = deployment.Servers[1].Endpoint;
        Assert.Matches($@"(?m)^  CRITICAL  {replica}\s+maxmemory\s+is 100 MiB here and 1 GiB on the master: once promoted, this", output);
        Assert.Matches($@"(?m)^  CRITICAL  {deployment.Servers[2].Endpoint}\s+ACL\s+lacks the master's user 'app'", output);
        Assert.Matches(@"(?m)^  verdict   \d CRITICAL: the next failover loses data", output);
        Assert.DoesNotContain("canary", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_OfWhatRunsAndNotWhatIsWritten_SaysWhatARestartBringsBack()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(Protected);
        foreach (RedisServer server in deployment.Servers)
        {
            await server.CallAsync("CONFIG", "SET", "timeout", "77");
            await server.CallAsync("CONFIG", "REWRITE");
            await server.CallAsync("CONFIG", "SET", "timeout", "0");
        }

        (int exitCode, string output) = await AuditAsync(deployment, "--json");

        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement master = json.RootElement.GetProperty("masters")[0];
        Assert.Equal((ExitCode.Warnings, "warning"), (exitCode, master.GetProperty("worst").GetString()));
        Assert.Equal(
            deployment.Servers.Select(server => server.Endpoint).Order(StringComparer.Ordinal),
            master.GetProperty("findings").EnumerateArray()
                .Where(finding => finding.GetProperty("topic").GetString() == "timeout"
                    && finding.GetProperty("text").GetString()!.StartsWith("runs with '0', but the configuration file has '77'"))
                .Select(finding => finding.GetProperty("where").GetString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Audit_OfServersThatWereRewrittenAndRestarted_FindsNoOtherRights()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(Protected);
        foreach (RedisServer server in deployment.Servers)
        {
            await server.CallAsync("ACL", "SETUSER", "app", "on", ">app-canary", "~a", "%R~b", "&c", "-@all", "+@read", "+set", "-get");
            await server.CallAsync("ACL", "SETUSER", "other", "on", "nopass", "+@all", "-@dangerous", "(~x -@all +get)");
            await server.CallAsync("CONFIG", "REWRITE");
        }

        // One after the other, so that there are always some of both kinds.
        foreach (RedisServer server in deployment.Servers.Reverse())
        {
            await server.TerminateAsync();
            await server.RestartAsync(keepData: true);
            await deployment.WaitUntilHealthyAsync(Patience);
            (_, string output) = await AuditAsync(deployment);
            Assert.DoesNotContain("  ACL  ", output, StringComparison.Ordinal);
            Assert.DoesNotContain("CRITICAL", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Audit_WithoutAnyone_Fails()
    {
        string nowhere = $"127.0.0.1:{FreePorts.Take()}";
        using var folder = new TemporaryFolder("audit");

        (int exitCode, string output, _) = await ProcessRun.OfAsync(
            folder.Path, ["audit", "--listen", "6380", "--sentinel", nowhere, "--master", "mymaster"]);

        Assert.Equal(ExitCode.Critical, exitCode);
        Assert.Contains($"{nowhere}  unreachable", output, StringComparison.Ordinal);
        Assert.Contains("there is none: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_OfARunningProxy_IsServedCountedAndLoggedOnce()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(Protected);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("backend:password", "audit-canary").With("audit:interval", "10s"));
        Assert.DoesNotContain("redisproxy_audit_findings{", await proxy.Http.GetStringAsync("metrics"), StringComparison.Ordinal);
        foreach (RedisServer replica in deployment.Servers.Skip(1))
        {
            await replica.CallAsync("CONFIG", "SET", "maxmemory", "200mb");
        }

        // Not asked for: it comes by itself.
        await Eventually.Within(
            Patience,
            async () => (await proxy.Http.GetStringAsync("metrics")).Contains(
                $$"""redisproxy_audit_findings{master="{{deployment.MasterName}}",severity="critical"} 2""", StringComparison.Ordinal),
            "the audit has found both replicas");
        await Eventually.Within(Patience, () => Logged(proxy, "[4200]") == 2, "the log says it of both");

        using var asText = new HttpRequestMessage(HttpMethod.Get, "audit") { Headers = { { "Accept", "text/plain" } } };
        string text = await (await proxy.Http.SendAsync(asText)).Content.ReadAsStringAsync();
        Assert.Contains("maxmemory  is 200 MiB here and not set on the master", text, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(await proxy.Http.GetStringAsync("audit"));
        Assert.Equal("critical", json.RootElement.GetProperty("masters")[0].GetProperty("worst").GetString());
        Assert.Equal(2, Logged(proxy, "[4200]"));
        Assert.Contains("<a href=\"audit\">", await proxy.Http.GetStringAsync(""), StringComparison.Ordinal);
    }

    private static int Logged(ProxyProcess proxy, string what) => File.ReadAllText(proxy.Process.LogFile).Split(what).Length - 1;

    private static string Title(SentinelDeployment deployment) =>
        $"{deployment.MasterName}: master {deployment.Servers[0].Endpoint}, 2 replicas, 3 Sentinels";

    private static async Task<(int ExitCode, string Output)> AuditAsync(SentinelDeployment deployment, params string[] args)
    {
        using var folder = new TemporaryFolder("audit");
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "proxy.json"),
            $$"""
            {
              "listeners": [{ "name": "redis", "bind": "127.0.0.1:6380", "master": "{{deployment.MasterName}}" }],
              "sentinel": { "endpoints": ["{{string.Join("\", \"", deployment.SentinelEndpoints)}}"] },
              "backend": { "password": "audit-canary" }
            }
            """);
        (int exitCode, string output, string error) = await ProcessRun.OfAsync(folder.Path, ["audit", "--config", "proxy.json", .. args]);
        Assert.Equal("", error);
        return (exitCode, output);
    }
}
