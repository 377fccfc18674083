using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public class StaticMasterSourceTests
{
    [Fact]
    public async Task Start_ServerIsUp_IsAvailableWhateverItsRole()
    {
        await using var deployment = Make(out ScriptedMaster server);
        server.Role = "slave";
        deployment.Start();
        await deployment.IsAsync(1, Availability.Available);
        Assert.Equal("l", deployment.View.MasterName);
        Assert.Equal(new MasterNode(server.Endpoint, server.Address), deployment.View.Master);
        Assert.Empty(deployment.View.Sentinels);
        Assert.Equal(0, deployment.View.Epoch);
    }

    [Fact]
    public async Task Start_ServerLoads_IsVerifyingUntilItHasLoaded()
    {
        await using var deployment = Make(out ScriptedMaster server);
        server.Pong = "-LOADING Redis is loading the dataset in memory\r\n";
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("LOADING", StringComparison.Ordinal));
        Assert.Equal(Availability.Verifying, deployment.View.Availability);
        server.Pong = "+PONG\r\n";
        await deployment.WithinAsync(1, Availability.Available);
    }

    [Fact]
    public async Task Restart_SameAddress_IsDownAndThenAvailableInTheSameGeneration()
    {
        await using var deployment = Make(out ScriptedMaster server);
        deployment.Start();
        await deployment.IsAsync(1, Availability.Available);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromMilliseconds(100), () => deployment.View.Generation == 1);
        server.Server.Stop();
        long suspicion = deployment.Source.Suspect(SuspicionReason.ConnectionLost);
        await deployment.IsAsync(1, Availability.Down);
        server.Server.Listen();
        await deployment.WithinAsync(1, Availability.Available);
        Assert.True(deployment.View.CoversSuspicion >= suspicion);
        Assert.Equal(1, deployment.Source.Failovers.CountOf(FailoverKind.Restart));
    }

    [Fact]
    public async Task Stop_WhileItsCommandsAreAsked_IsDownLongBeforeTheNextPoll()
    {
        await using var deployment = Make(out ScriptedMaster server);
        var isAsked = new TaskCompletionSource();
        server.OnCommand = () =>
        {
            server.Server.Stop();
            isAsked.TrySetResult();
        };
        deployment.Start();
        await isAsked.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        TimeSpan took = await deployment.WithinAsync(1, Availability.Down);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromMilliseconds(800));
    }

    [Fact]
    public async Task HostName_ResolvesToAnotherAddress_BeginsANewGeneration()
    {
        await using var deployment = Make(out ScriptedMaster server);
        deployment.Options = deployment.Options with
        {
            Backend = new BackendOptions { Endpoint = new HostEndpoint("redis.example", server.Address.Port) },
        };
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("not known yet", StringComparison.Ordinal));
        deployment.Dns["redis.example"] = [IPAddress.Loopback];
        await deployment.WithinAsync(1, Availability.Available);

        deployment.Dns["redis.example"] = [IPAddress.Parse("127.0.0.2"), IPAddress.Loopback];
        deployment.Source.Suspect(SuspicionReason.ConnectFailed);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Generation == 1);

        deployment.Dns["redis.example"] = [IPAddress.Parse("127.0.0.2")];
        deployment.Source.Suspect(SuspicionReason.ConnectFailed);
        await deployment.WithinAsync(2, Availability.Verifying);
    }

    [Fact]
    public async Task OwnListener_IsConfiguredAsBackend_IsRefused()
    {
        await using var deployment = Make(out _);
        deployment.Options = deployment.Options with
        {
            Listeners = [new ListenerOptions { Name = "l", Bind = BindAddress.OfTcp(new HostEndpoint("0.0.0.0", 6380)) }],
            Backend = new BackendOptions { Endpoint = new HostEndpoint("127.0.0.1", 6380) },
        };
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("own listener", StringComparison.Ordinal));
        Assert.Equal(Availability.Unknown, deployment.View.Availability);
    }

    private static Deployment Make(out ScriptedMaster server)
    {
        var deployment = new Deployment(sentinels: 0, masters: 1);
        server = deployment.Masters[0];
        deployment.Options = deployment.Options with
        {
            Listeners = [deployment.Options.Listeners[0] with { Master = null }],
            Sentinel = null,
            Backend = new BackendOptions { Endpoint = server.Endpoint },
        };
        return deployment;
    }
}
