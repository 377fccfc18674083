using System.Net;

using RedisProxy.Configuration;
using RedisProxy.SentinelFacade;
using RedisProxy.Tests.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.SentinelFacade;

/// <summary>What clients are told of where masters are.</summary>
public sealed class FacadeDirectoryTests
{
    private const string Two = "'listeners': [ { 'name': 'a', 'bind': 'unix:/run/a.sock', 'master': 'one' }, "
        + "{ 'name': 'b', 'bind': '[::]:7000', 'master': 'one' }, { 'name': 'c', 'bind': '10.1.1.1:7001', 'master': 'two' } ]";

    [Theory]
    [InlineData("0.0.0.0:6380", "10.0.0.1", "10.0.0.1:6380")]
    [InlineData("0.0.0.0:6380", "::ffff:10.0.0.1", "10.0.0.1:6380")]
    [InlineData("0.0.0.0:6380", "::1", "127.0.0.1:6380")]
    [InlineData("0.0.0.0:6380", "2001:db8::1", null)]
    [InlineData("[::]:6380", "2001:db8::1", "[2001:db8::1]:6380")]
    [InlineData("[::]:6380", "fe80::1%2", "[fe80::1]:6380")]
    [InlineData("[::]:6380", "10.0.0.1", "10.0.0.1:6380")]
    [InlineData("10.0.0.7:6380", "10.0.0.1", "10.0.0.7:6380")]
    [InlineData("redis.example:6380", "10.0.0.1", "redis.example:6380")]
    [InlineData("unix:/run/redis.sock", "10.0.0.1", null)]
    public void Address_WithoutAdvertise_IsTheListenersAsTheClientReachesIt(string bind, string local, string? expected)
    {
        // Off, because what cannot be announced at all is no good configuration with it.
        ProxyOptions options = Configured.Good(Configured.Read($"{{ {FacadeScene.Listener(bind)}, {Configured.Sentinel} }}"));

        Assert.Equal(expected, AnnouncedAddress.OfMaster(options, "mymaster", IPAddress.Parse(local))?.ToString());
    }

    [Fact]
    public void Masters_AreThoseOfTheListenersByTheirFirstOnTcp()
    {
        var scene = new FacadeScene($"{FacadeScene.Bind}, 'advertise': {{ 'two': 'proxy.example:9000' }}", Two);

        Assert.Equal("*2|$8|10.0.0.1|$4|7000|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME one"));
        Assert.Equal("*2|$13|proxy.example|$4|9000|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME two"));
        Assert.Equal("*2|$8|sentinel|*2|$3|one|$3|two|", scene.Ask("ROLE"));
        Assert.Empty(AnnouncedAddress.OfReplicas(scene.Running.Current, "one", IPAddress.Loopback));
    }

    [Fact]
    public void Replicas_AreTheReplicaListeners_AndNeverTheMaster()
    {
        const string Listeners = "'listeners': [ { 'name': 'reads', 'bind': '0.0.0.0:7002', 'master': 'one', 'role': 'replica' }, "
            + "{ 'bind': '0.0.0.0:7000', 'master': 'one' } ]";
        var scene = new FacadeScene(FacadeScene.Bind, Listeners);

        Assert.Equal("*2|$8|10.0.0.1|$4|7000|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME one"));
        string replicas = scene.Ask("SENTINEL REPLICAS one");
        Assert.StartsWith("*1|", replicas, StringComparison.Ordinal);
        Assert.Contains("|$4|port|$4|7002|", replicas, StringComparison.Ordinal);
        Assert.Contains("|$5|flags|$5|slave|", replicas, StringComparison.Ordinal);
    }

    [Fact]
    public void Masters_WithoutSentinel_HaveTheNamesOfTheirListeners()
    {
        ProxyOptions options = Configured.Good(Configured.Read(
            $"{{ 'listeners': [ {{ 'name': 'dev', 'bind': '127.0.0.1:6380' }} ], 'backend': {{ 'endpoint': '127.0.0.1:6379' }}, "
            + $"'sentinelFacade': {{ {FacadeScene.Bind} }} }}"));
        ToldSource source = new("dev");
        source.NoSentinel();
        var directory = new FacadeDirectory(new RunningOptions(options), () => [source], new FakeTimeProvider());

        FacadeMaster master = Assert.Single(directory.MastersFor(IPAddress.Loopback));
        Assert.Equal(("dev", "127.0.0.1:6380", 1), (master.Name, master.Address.ToString(), master.Quorum));
    }

    [Theory]
    [InlineData(nameof(Availability.Verifying))]
    [InlineData(nameof(Availability.PlannedHold))]
    [InlineData(nameof(Availability.Down))]
    [InlineData(nameof(Availability.ReadsOnly))]
    public void Master_ThatTakesNoRequests_IsAnnouncedAsEver(string availability)
    {
        var scene = new FacadeScene();
        string before = scene.Ask("SENTINEL MASTER mymaster");
        scene.Sources[0].Tell(view => view with { Availability = Enum.Parse<Availability>(availability) });

        Assert.Equal(before, scene.Ask("SENTINEL MASTER mymaster"));
        Assert.Equal("*2|$8|10.0.0.1|$4|6380|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
    }

    [Fact]
    public void Master_ThatWasNeverFound_IsAnnouncedForAsLongAsRequestsWait()
    {
        var scene = new FacadeScene();
        scene.Sources[0].Tell(view => view with { Generation = 0, Availability = Availability.Unknown, Master = null });

        scene.Time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.Equal("*2|$8|10.0.0.1|$4|6380|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
        Assert.Contains("|$5|flags|$6|master|", scene.Ask("SENTINEL MASTERS"), StringComparison.Ordinal);

        scene.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("*-1|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
        Assert.Contains("|$5|flags|$20|s_down,o_down,master|", scene.Ask("SENTINEL MASTERS"), StringComparison.Ordinal);
        Assert.Contains("status=odown,", scene.Ask("INFO"), StringComparison.Ordinal);

        scene.Sources[0].Tell(view => view with { Generation = 1, Availability = Availability.Verifying });
        Assert.Equal("*2|$8|10.0.0.1|$4|6380|", scene.Ask("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
    }

    [Fact]
    public void Switches_AreTheMastersThatTookAnothersPlaceAndServe()
    {
        List<string> told = [];
        ToldSource source = new("mymaster");
        source.Subscribe(new SwitchMasterPublisher(told.Add));

        source.Tell(view => view with { Availability = Availability.PlannedHold });
        source.Tell(view => view with { Availability = Availability.Available });
        Assert.Empty(told);
        source.Tell(view => view with { Generation = 2, Availability = Availability.Verifying });
        source.Tell(view => view with { Generation = 3 });
        Assert.Empty(told);
        source.Tell(view => view with { Availability = Availability.Available });
        source.Tell(view => view with { Epoch = 9 });
        Assert.Equal(["mymaster"], told);
        source.Switch();
        Assert.Equal(["mymaster", "mymaster"], told);
    }

    [Fact]
    public void Switches_BeforeTheFirstMaster_AreNone()
    {
        List<string> told = [];
        ToldSource source = new("mymaster");
        source.Tell(view => view with { Generation = 0, Availability = Availability.Unknown });
        source.Subscribe(new SwitchMasterPublisher(told.Add));

        source.Switch();
        Assert.Empty(told);
    }
}
