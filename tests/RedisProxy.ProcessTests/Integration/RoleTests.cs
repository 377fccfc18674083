using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Hosting;
using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Settings that follow the role, at real servers.</summary>
public sealed class RoleTests
{
    private const string Snapshots = "900 1 300 10";

    private const string ChangesMetric = "redisproxy_role_config_changes_total";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Persistence_AfterTwoFailovers_FollowsTheRole()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        ProxyProcessOptions options = WithPolicy(ProxyProcessOptions.For(deployment)).With("roles.rewrite", true);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(options);
        await using ProxyProcess second = await ProxyProcess.StartAsync(options);
        RedisServer master = deployment.Servers[0];
        await IsAsWantedAsync(deployment, master);

        for (int i = 0; i < 2; i++)
        {
            await deployment.WaitUntilHealthyAsync(Patience);
            await deployment.FailoverAsync();
            master = await deployment.WaitForMasterAsync(master, Patience);
            await IsAsWantedAsync(deployment, master);
        }

        // From now on there is nothing to be sent, by none of them: for so long that both have looked at everybody again.
        await Eventually.Within(Patience, async () => await DifferencesAsync(proxy) + await DifferencesAsync(second) == 0, "both see it");
        long sent = await SentAsync(deployment);
        long looked = await LooksAsync(deployment);
        await Eventually.Within(Patience, async () => await LooksAsync(deployment) >= looked + 30, "they look again");
        Assert.Equal(sent, await SentAsync(deployment));

        MetricsSnapshot page = await proxy.ScrapeAsync();
        MetricsSnapshot other = await second.ScrapeAsync();
        double Changes(string role) =>
            page.Sum(ChangesMetric, ("role", role)) + other.Sum(ChangesMetric, ("role", role));
        Assert.True(Changes("master") >= 2 * 2, $"{Changes("master")} changes of masters");
        Assert.True(Changes("replica") >= (2 * 2) + (2 * 2), $"{Changes("replica")} changes of replicas");
        Assert.Equal(0, page.Sum("redisproxy_role_config_failures_total") + other.Sum("redisproxy_role_config_failures_total"));

        // A restart does not take it back: it is in the file.
        RedisServer replica = deployment.Servers.First(server => server != master);
        Assert.Contains("appendonly yes", await File.ReadAllTextAsync(await ConfigFileAsync(replica)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_OfServersThatAreNotAsTheirRolesWant_SaysSo()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        using var folder = new TemporaryFolder("roles");
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "proxy.json"),
            $$"""
            {
              "listeners": [{ "name": "redis", "bind": "127.0.0.1:6380", "master": "{{deployment.MasterName}}" }],
              "sentinel": { "endpoints": ["{{string.Join("\", \"", deployment.SentinelEndpoints)}}"] },
              "roles": { "replica": { "config": { "save": "{{Snapshots}}" } } }
            }
            """);

        (int exitCode, string output, _) = await ProcessRun.OfAsync(folder.Path, ["audit", "--config", "proxy.json"]);

        Assert.Equal(ExitCode.Warnings, exitCode);
        Assert.All(deployment.Servers.Skip(1), replica => Assert.Matches(
            $@"(?m)^  warning   {replica.Endpoint}\s+save\s+is '', but roles.replica.config requires '{Snapshots}'$", output));
        Assert.DoesNotContain("roles.master.config", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_WithoutTheRight_SaysWhatIsRefusedAndGoesOn()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Server = new RedisServerOptions
            {
                Lines = ["user proxy on >role-canary +ping +command +role +client|setname +info +config|get"],
            },
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            WithPolicy(ProxyProcessOptions.For(deployment)).With("backend.username", "proxy").With("backend.password", "role-canary"));

        await Eventually.Within(
            Patience,
            async () => (await proxy.ScrapeAsync()).Sum("redisproxy_role_config_failures_total") >= 3, "each server has refused");
        // The log has a way of its own.
        await Eventually.Within(
            Patience, () => proxy.Process.LogTail.Contains("[6002]", StringComparison.Ordinal), "the log says that it was refused");
        Assert.Contains("CONFIG SET save: NOPERM", proxy.Process.LogTail, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", proxy.Process.LogTail, StringComparison.Ordinal);

        // As docs/security.md says.
        foreach (RedisServer server in deployment.Servers)
        {
            await server.CallAsync("ACL", "SETUSER", "proxy", "+config|set", "+config|rewrite");
        }

        await IsAsWantedAsync(deployment, deployment.Servers[0]);
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
    }

    private static ProxyProcessOptions WithPolicy(ProxyProcessOptions options) => options
        .With("roles.interval", "1s")
        .With("roles.master.config", new JsonObject { ["save"] = "", ["appendonly"] = "no" })
        .With("roles.replica.config", new JsonObject { ["save"] = Snapshots, ["appendonly"] = "yes" });

    private static Task<string> IsAsWantedAsync(SentinelDeployment deployment, RedisServer master) => Eventually.Within(
        Patience,
        async () => string.Concat(await Task.WhenAll(deployment.Servers.Select(server => WhatIsWrongAsync(server, server == master)))),
        wrong => wrong.Length == 0,
        $"every server has the settings of its role, {master} those of the master");

    private static async Task<string> WhatIsWrongAsync(RedisServer server, bool isMaster)
    {
        string save = (await server.CallAsync("CONFIG", "GET", "save")).Items[1].Text ?? "";
        string appendOnly = (await server.CallAsync("CONFIG", "GET", "appendonly")).Items[1].Text ?? "";
        return (save, appendOnly) == (isMaster ? ("", "no") : (Snapshots, "yes"))
            ? ""
            : $"{server}: save {save}, appendonly {appendOnly}; ";
    }

    private static async Task<double> DifferencesAsync(ProxyProcess proxy) =>
        (await proxy.ScrapeAsync()).Sum("redisproxy_role_config_differences");

    private static Task<long> SentAsync(SentinelDeployment deployment) => CallsAsync(deployment, "cmdstat_config|set");

    private static Task<long> LooksAsync(SentinelDeployment deployment) => CallsAsync(deployment, "cmdstat_config|get");

    // cmdstat_config|set:calls=3,usec=…
    private static async Task<long> CallsAsync(SentinelDeployment deployment, string command)
    {
        long calls = 0;
        foreach (RedisServer server in deployment.Servers)
        {
            string line = (await server.InfoAsync("commandstats")).GetValueOrDefault(command, "calls=0,");
            calls += long.Parse(line.Split(',')[0]["calls=".Length..], CultureInfo.InvariantCulture);
        }

        return calls;
    }

    private static async Task<string> ConfigFileAsync(RedisServer server) => (await server.InfoAsync("server"))["config_file"];
}
