using RedisProxy.Hosting;
using RedisProxy.ProcessTests.CommandLine;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

public sealed class CheckTests
{
    [Fact]
    public async Task Check_SaysWhoSaidWhatAndWhetherItCouldServe()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await deployment.Sentinels[1].KillAsync();
        string configured = $"{deployment.Sentinels[0].Endpoint},{deployment.Sentinels[1].Endpoint}";
        string master = deployment.Servers[0].Endpoint;

        (int exitCode, string output) = await CheckAsync("--sentinel", configured, "--master", deployment.MasterName);

        string[] lines = output.Split('\n', StringSplitOptions.TrimEntries);
        Assert.Equal((ExitCode.Ok, 1), (exitCode, lines.Count(line => line == "verdict   can be served")));
        Assert.Matches($@"(?m)^  {deployment.Sentinels[0].Endpoint}\s+{master}\s+\d+\s+master$", output);
        Assert.Matches($@"(?m)^  {deployment.Sentinels[1].Endpoint}\s+- \(Connection refused\)$", output);
        Assert.Matches($@"(?m)^  {deployment.Sentinels[2].Endpoint} \(discovered\)\s+{master}\s+\d+\s+master$", output);
        Assert.Contains($"  master    {master}, epoch ", output, StringComparison.Ordinal);
        Assert.Contains("probe     takes requests", lines);
        string replicas = string.Join(", ", deployment.Servers.Skip(1).Select(server => server.Endpoint).Order(StringComparer.Ordinal));
        Assert.Contains($"replicas  {replicas}", lines);

        (exitCode, output) = await CheckAsync("--sentinel", configured, "--master", "no-such");
        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.Contains($"master    none: no Sentinel knows a master named 'no-such'; they know: {deployment.MasterName}", output);
        Assert.Contains("verdict   can NOT be served now", output);
    }

    [Fact]
    public async Task Check_WithoutSentinel_AsksTheServer()
    {
        await using RedisServer server = await RedisServer.StartAsync();

        (int exitCode, string output) = await CheckAsync("--backend", server.Endpoint);
        Assert.Equal(ExitCode.Ok, exitCode);
        Assert.Contains($"  master    {server.Endpoint} (as configured)\n  probe     takes requests\n", output, StringComparison.Ordinal);

        await server.KillAsync();
        (exitCode, output) = await CheckAsync("--backend", server.Endpoint);
        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.Contains("  probe     Connection refused\n  verdict   can NOT be served now\n", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> CheckAsync(params string[] args)
    {
        using var folder = new TemporaryFolder("check");
        (int exitCode, string output, string error) = await ProcessRun.OfAsync(folder.Path, ["check", "--listen", "6380", .. args]);
        Assert.Equal("", error);
        return (exitCode, output);
    }
}
