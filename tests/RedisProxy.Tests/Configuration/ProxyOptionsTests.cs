using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>What comes out of good files.</summary>
public sealed class ProxyOptionsTests
{
    [Fact]
    public void Smallest_File_GivesTheDocumentedDefaults()
    {
        ProxyOptions options = Configured.Good(Configured.Read($"{{ {Configured.Listeners}, {Configured.Sentinel} }}"));

        ListenerOptions listener = Assert.Single(options.Listeners);
        Assert.Equal(("mymaster", "mymaster", 10_000), (listener.Name, listener.Master, listener.MaxSessions));
        Assert.Equal(BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 6380)), listener.Bind);
        Assert.Equal([new HostEndpoint("127.0.0.1", 26379)], options.Sentinel!.Endpoints);
        Assert.Equal((null, null), (options.Sentinel.Username, options.Sentinel.Password));
        Assert.Equal((Seconds(1), false), (options.Sentinel.PollInterval, options.Sentinel.RequireMajority));
        Assert.Empty(options.Sentinel.AddressMap);
        Assert.Empty(options.Sentinel.AllowedNetworks);
        Assert.Equal((null, null, null), (options.Backend.Endpoint, options.Backend.Username, options.Backend.Password));
        Assert.Equal((Seconds(1), Seconds(90)), (options.Backend.ConnectTimeout, options.Backend.UserTimeout));
        Assert.Equal(64, options.Backend.MaxConcurrentConnects);
        Assert.Equal(new KeepAliveOptions { Time = Seconds(60), Interval = Seconds(10), Retries = 3 }, options.Backend.KeepAlive);
        Assert.Equal(options.Backend.KeepAlive, options.Client.KeepAlive);
        Assert.Equal(TimeSpan.Zero, options.Client.UserTimeout);
        Assert.Equal((Seconds(4), Seconds(30)), (options.Hold.Timeout, options.Hold.MaxOutage));
        Assert.Equal((true, Seconds(3)), (options.Hold.Planned, options.Hold.PlannedTimeout));
        Assert.Equal((65_536, true), (options.Replay.MaxBytesPerSession, options.Replay.Reads));
        Assert.Equal(UnknownOutcomeAction.Error, options.Replay.OnUnknownOutcome);
        Assert.Equal(UnknownOutcomeAction.Disconnect, options.Replay.OnUnknownBlocking);
        Assert.Equal(NotExecutedCode.Loading, options.Replay.NotExecutedCode);
        Assert.Equal(BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 9180)), options.Admin.Bind);
        Assert.Equal((Seconds(20), Seconds(0)), (options.Shutdown.DrainTimeout, options.Shutdown.MinDelay));
        Assert.Equal(0, options.Loops.Count);
    }

    [Fact]
    public void Every_Key_GoesWhereItBelongs()
    {
        ProxyOptions options = Configured.Good(Configured.ReadWith("""
            'backend': { 'connectTimeout': '1100ms', 'userTimeout': '31s', 'maxConcurrentConnects': 65,
                         'keepAlive': { 'time': '61s', 'interval': '11s', 'retries': 4 } },
            'client': { 'userTimeout': '32s', 'keepAlive': { 'time': '62s', 'interval': '12s', 'retries': 5 } },
            'hold': { 'timeout': '5s', 'maxOutage': '33s', 'planned': false, 'plannedTimeout': '6s' },
            'replay': { 'maxBytesPerSession': '1MiB', 'reads': false, 'blocking': true, 'onUnknownOutcome': 'disconnect',
                        'onUnknownBlocking': 'error',
                        'notExecutedCode': 'CLUSTERDOWN' },
            'admin': { 'bind': '[::1]:9181' }, 'shutdown': { 'drainTimeout': '21s', 'minDelay': '2s' }, 'loops': { 'count': 2 }
            """));

        Assert.Equal(
            new BackendOptions
            {
                ConnectTimeout = TimeSpan.FromMilliseconds(1100),
                UserTimeout = Seconds(31),
                MaxConcurrentConnects = 65,
                KeepAlive = new KeepAliveOptions { Time = Seconds(61), Interval = Seconds(11), Retries = 4 },
            },
            options.Backend);
        Assert.Equal(
            new ClientOptions
            {
                UserTimeout = Seconds(32),
                KeepAlive = new KeepAliveOptions { Time = Seconds(62), Interval = Seconds(12), Retries = 5 },
            },
            options.Client);
        Assert.Equal(
            new HoldOptions { Timeout = Seconds(5), MaxOutage = Seconds(33), Planned = false, PlannedTimeout = Seconds(6) }, options.Hold);
        Assert.Equal(
            new ReplayOptions
            {
                MaxBytesPerSession = 1 << 20,
                Reads = false,
                Blocking = true,
                OnUnknownOutcome = UnknownOutcomeAction.Disconnect,
                OnUnknownBlocking = UnknownOutcomeAction.Error,
                NotExecutedCode = NotExecutedCode.ClusterDown,
            },
            options.Replay);
        Assert.Equal(BindAddress.OfTcp(new HostEndpoint("::1", 9181)), options.Admin.Bind);
        Assert.Equal(new ShutdownOptions { DrainTimeout = Seconds(21), MinDelay = Seconds(2) }, options.Shutdown);
        Assert.Equal(2, options.Loops.Count);
    }

    [Theory]
    [InlineData("LOADING", NotExecutedCode.Loading)]
    [InlineData("MASTERDOWN", NotExecutedCode.MasterDown)]
    [InlineData("TRYAGAIN", NotExecutedCode.TryAgain)]
    [InlineData("CLUSTERDOWN", NotExecutedCode.ClusterDown)]
    internal void NotExecutedCode_EachName_IsKnown(string name, NotExecutedCode expected) =>
        Assert.Equal(expected, Configured.Good(Configured.ReadWith($"'replay': {{ 'notExecutedCode': '{name}' }}")).Replay.NotExecutedCode);

    [Fact]
    public void AdminBind_Null_IsTheDefault() =>
        Assert.Equal(new AdminOptions(), Configured.Good(Configured.ReadWith("'admin': { 'bind': null }")).Admin);

    [Fact]
    public void AdminBind_Empty_TurnsItOff() => Assert.Null(Configured.Good(Configured.ReadWith("'admin': { 'bind': '' }")).Admin.Bind);

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
