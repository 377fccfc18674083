using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// What users get: the native program, which <c>test.sh</c> publishes first. What is only found at run time, by reflection, or was
/// taken for unused by its compiler, is missed here and nowhere else.
/// </summary>
public sealed class NativeProgramTests
{
    private static readonly string Program = Path.Combine(ProxyProgram.RepositoryRoot(), "src/RedisProxy/bin/native/RedisProxy");

    [Fact]
    public async Task NativeProgram_PlannedFailoverUnderLoad_LosesNothingAndEndsInOrder()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(configure: proxy => proxy with { Program = Program });
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.Deployment.FailoverAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        Assert.Equal(1, (await fixture.Proxy.ScrapeAsync()).Sum("redisproxy_failovers_total", ("kind", "planned")));
        Assert.Contains(master.Endpoint, await fixture.Proxy.Http.GetStringAsync(new Uri("healthz/ready", UriKind.Relative)));
        Assert.Equal(0, await fixture.Proxy.StopAsync());
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task NativeProgram_PushesItsMetrics(string protocol)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync(isGrpc: protocol == "grpc");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            (ProxyProcessOptions.For(redis) with { Program = Program })
            .With("otlp.endpoint", collector.Endpoint).With("otlp.protocol", protocol).With("otlp.interval", "1s"));
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        OtlpReceiver.Request request = await collector.WaitForAsync(
            TimeSpan.FromSeconds(20), message => message.Sum("redisproxy_requests") == 1, "the request is pushed");
        Assert.Equal("histogram", request.Message.Metric("redisproxy_backend_connect_seconds").Kind);
        Assert.Equal("redisproxy", request.Message.Resource["service.name"]);
    }

    [Fact]
    public async Task NativeProgram_BadConfiguration_IsRefusedWithAllItsErrors()
    {
        ProxyProcessOptions options = new ProxyProcessOptions { Program = Program, BackendEndpoint = "127.0.0.1:1" }
            .With("hold.timeout", JsonValue.Create("soon"))
            .With("replay.nonsense", JsonValue.Create(1));
        (int exitCode, string output) = await ProxyProcess.RunToExitAsync(options);
        Assert.Equal(2, exitCode);
        Assert.Contains("hold.timeout", output, StringComparison.Ordinal);
        Assert.Contains("replay.nonsense", output, StringComparison.Ordinal);
    }
}
