using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Links to scripted Sentinels: how they are opened and kept.</summary>
public class SentinelLinkTests
{
    [Fact]
    public async Task Link_NewSentinel_NeedsOneConnectionForEverything()
    {
        await using var deployment = new Deployment(sentinels: 1);
        await deployment.StartAvailableAsync();
        Assert.Equal(1, deployment.Sentinels[0].Server.AcceptedCount);
        int asked = deployment.Sentinels[0].AskedCount;
        deployment.Sentinels[0].Push("+sdown", "master m 10.0.0.1 6379");
        await Eventually.TrueAsync(() => deployment.Sentinels[0].AskedCount == asked + 1);
    }

    [Fact]
    public async Task Link_OldSentinel_HasASecondConnectionForEvents()
    {
        await using var deployment = new Deployment(sentinels: 0);
        ScriptedSentinel old = deployment.Add(new ScriptedSentinel("old") { IsOld = true });
        deployment.With(sentinel => sentinel with { Endpoints = [old.Endpoint] });
        deployment.Say(old, 0, epoch: 1);
        await deployment.StartAvailableAsync();
        Assert.Equal(2, old.Server.AcceptedCount);
        int asked = old.AskedCount;
        old.Push("+sdown", "master m 10.0.0.1 6379");
        await Eventually.TrueAsync(() => old.AskedCount == asked + 1);

        old.Server.Clients.Single(client => client.IsSubscribed).Dispose();
        await Eventually.TrueWithinAsync(deployment.Clock, () => old.Server.AcceptedCount == 4);
    }

    [Fact]
    public async Task Link_SeveralMasters_IsStillOne()
    {
        await using var deployment = new Deployment(sentinels: 1);
        ListenerOptions first = deployment.Options.Listeners[0];
        deployment.Options = deployment.Options with
        {
            Listeners = [first, first with { Name = "same" }, first with { Name = "l2", Master = "other" }],
        };
        deployment.Say(deployment.Sentinels[0], 0, epoch: 1);
        deployment.Sentinels[0].Say("other", ScriptedAnswer.Of(deployment.Masters[1].Address, 5));
        var service = new TopologyService(deployment.Options, deployment.Context);
        Assert.Equal(2, service.Sources.Count);
        Assert.Same(service.SourceOf(deployment.Options.Listeners[0]), service.SourceOf(deployment.Options.Listeners[1]));
        using var stop = new CancellationTokenSource();
        Task run = Task.Run(() => service.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => service.Sources.All(source => source.Current.Availability == Availability.Available));
        await stop.CancelAsync();
        await run;
        Assert.Equal(1, deployment.Sentinels[0].Server.AcceptedCount);
        Assert.Equal([1L, 5L], service.Sources.Select(source => source.Current.Epoch).Order());
        await Eventually.TrueAsync(() => deployment.Sentinels[0].Server.Clients.Count == 0);
    }

    [Fact]
    public async Task Poll_NothingHappens_ComesEverySecondWithJitterAndListsComeSeldom()
    {
        await using var deployment = new Deployment(sentinels: 1);
        await deployment.StartAvailableAsync();
        int asked = deployment.Sentinels[0].AskedCount;
        int listed = deployment.Sentinels[0].ListedCount;
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(8), () => true);
        Assert.InRange(deployment.Sentinels[0].AskedCount - asked, 4, 11);
        Assert.InRange(deployment.Sentinels[0].ListedCount - listed, 0, 1);
    }

    [Fact]
    public async Task Events_Many_AskAtMostEveryFiftyMilliseconds()
    {
        await using var deployment = new Deployment(sentinels: 1);
        await deployment.StartAvailableAsync();
        int asked = deployment.Sentinels[0].AskedCount;
        for (int i = 0; i < 500; i++)
        {
            deployment.Sentinels[0].Push("-sdown", "slave x 10.0.0.9 6379 @ m 10.0.0.1 6379");
        }

        await Eventually.TrueAsync(() => deployment.Log.CountOf(2038) == 500);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromMilliseconds(400), () => true);
        Assert.InRange(deployment.Sentinels[0].AskedCount - asked, 1, 9);
    }

    [Fact]
    public async Task Link_HalfOpen_IsDroppedAndOpenedAgain()
    {
        await using var deployment = new Deployment(sentinels: 2);
        await deployment.StartAvailableAsync();
        deployment.Sentinels[1].Server.IsSilent = true;
        TimeSpan noticed = await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Sentinels.Any(one => !one.IsConnected));
        Assert.InRange(noticed.TotalSeconds, 2.9, 7);
        Assert.Contains(
            "no answer within 3000 ms", deployment.View.Sentinels.Single(one => !one.IsConnected).Error, StringComparison.Ordinal);
        deployment.Sentinels[1].Server.IsSilent = false;
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Sentinels.All(one => one.IsConnected));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("$99999999999999999999\r\n")]
    [InlineData(">2\r\n+a\r\n*?\r\n.\r\n")]
    [InlineData("+OK\r\n")]
    public async Task Link_PeerSendsNonsense_IsDroppedAndComesBack(string nonsense)
    {
        await using var deployment = new Deployment(sentinels: 1);
        await deployment.StartAvailableAsync();
        deployment.Sentinels[0].Server.Clients.Single().Send(nonsense);
        await Eventually.TrueAsync(() => !deployment.View.Sentinels[0].IsConnected);
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Sentinels[0].IsConnected);
        Assert.Equal(Availability.Available, deployment.View.Availability);
    }

    [Fact]
    public async Task Link_MessageIsTooLong_IsDropped()
    {
        await using var deployment = new Deployment(sentinels: 1);
        await deployment.StartAvailableAsync();
        string tooLong = new('x', RespConnection.MaxMessageBytes);
        deployment.Sentinels[0].Push("+sdown", tooLong);
        await Eventually.TrueAsync(() => !deployment.View.Sentinels[0].IsConnected);
        Assert.Equal("not RESP: a message longer than 1 MiB", deployment.View.Sentinels[0].Error);
    }

    [Fact]
    public async Task Link_PeerIsAlwaysNonsense_BacksOff()
    {
        await using var deployment = new Deployment(sentinels: 1);
        var browser = deployment.Add(new ScriptedServer((_, _) => "<html>\r\n"));
        deployment.With(sentinel => sentinel with { Endpoints = [new HostEndpoint("127.0.0.1", browser.Address.Port)] });
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("not RESP", StringComparison.Ordinal));
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(9), () => browser.AcceptedCount < 10);
        Assert.InRange(browser.AcceptedCount, 4, 8);
        Assert.Equal(1, deployment.Log.Lines.Count(line => line is { Id: 2031, Level: Microsoft.Extensions.Logging.LogLevel.Warning }));
    }

    [Theory]
    [InlineData(null, "NOAUTH")]
    [InlineData("wrong", "WRONGPASS")]
    public async Task Link_SentinelDemandsAPassword_SaysWhatIsMissing(string? password, string error)
    {
        await using var deployment = new Deployment(sentinels: 0);
        ScriptedSentinel locked = deployment.Add(new ScriptedSentinel("s1") { Password = "secret" });
        deployment.With(sentinel => sentinel with { Endpoints = [locked.Endpoint], Password = password });
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains(error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("secret")]
    [InlineData(null)]
    public async Task Link_PasswordIsRightOrNotNeeded_Connects(string? password)
    {
        await using var deployment = new Deployment(sentinels: 0);
        ScriptedSentinel locked = deployment.Add(new ScriptedSentinel("s1") { Password = password });
        deployment.With(sentinel => sentinel with { Endpoints = [locked.Endpoint], Username = "proxy", Password = "secret" });
        deployment.Say(locked, 0, epoch: 1);
        deployment.Start();
        await deployment.IsAsync(1, Availability.Available);
    }

    [Fact]
    public async Task Link_HostNameAndIPv6_AreConnectedTo()
    {
        await using var deployment = new Deployment(sentinels: 0);
        ScriptedSentinel six = deployment.Add(new ScriptedSentinel("six", "::1"));
        ScriptedSentinel four = deployment.Add(new ScriptedSentinel("four"));
        deployment.Dns["sentinel.example"] = [System.Net.IPAddress.Parse("127.0.0.9"), System.Net.IPAddress.Loopback];
        six.Others.Add(("four", "Sentinel.Example", four.Endpoint.Port));
        deployment.With(sentinel => sentinel with { Endpoints = [six.Endpoint] });
        deployment.Say(six, 0, epoch: 1);
        deployment.Say(four, 0, epoch: 1);
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Count(one => one.IsConnected) == 2);
        Assert.Contains(deployment.View.Sentinels, one => one.Sentinel == new HostEndpoint("sentinel.example", four.Endpoint.Port));
    }

    [Fact]
    public async Task Stop_LinksAreBusy_EndsAndClosesEverything()
    {
        var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[0].Server.IsSilent = true;
        deployment.Sentinels[1].Server.Stop();
        deployment.Clock.Advance(TimeSpan.FromSeconds(1));
        await deployment.StopAsync();
        deployment.Sentinels[0].Server.IsSilent = false;
        await Eventually.TrueAsync(() => deployment.Sentinels.Sum(one => one.Server.Clients.Count) == 0);
        await Eventually.TrueAsync(() => deployment.Masters.Sum(one => one.Server.Clients.Count) == 0);
        await deployment.DisposeAsync();
    }
}
