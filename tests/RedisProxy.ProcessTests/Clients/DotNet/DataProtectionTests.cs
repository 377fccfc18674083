using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// The keys with which ASP.NET Core protects cookies, kept in Redis: every application of a farm reads what any other one protected, also
/// when it starts after a failover.
/// </summary>
public sealed class DataProtectionTests
{
    private const string List = "DataProtection-Keys";
    private const string Name = "web";

    [Fact]
    public async Task Keys_ThroughAPlannedFailoverAndAKill_UnprotectInEveryApplication()
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        ConnectionMultiplexer multiplexer = await stage.ConnectAsync(Name, "$SUBSCRIBE=");
        IReadOnlySet<long> sessions = await stage.SessionsAsync(Name);
        Assert.Single(sessions);
        await using ServiceProvider first = Application(multiplexer);
        string before = Protector(first).Protect("before");

        // A key that is made while requests are held is stored once, at the new master.
        Task failover = stage.FailOverAsync();
        IKey duringPlanned = await NewKeyAsync(first);
        await failover;
        await AssertStoredOnceAsync(stage, duringPlanned);
        await using ServiceProvider second = Application(multiplexer);
        Assert.Equal("before", Protector(second).Unprotect(before));
        string between = Protector(second).Protect("between");
        Assert.Equal("between", Protector(first).Unprotect(between));

        await stage.Master.KillAsync();
        IKey duringOutage = await NewKeyAsync(second);
        await stage.FollowMasterAsync();
        await AssertStoredOnceAsync(stage, duringPlanned);
        await AssertStoredOnceAsync(stage, duringOutage);
        await using ServiceProvider third = Application(multiplexer);
        Assert.Equal("before", Protector(third).Unprotect(before));
        Assert.Equal("between", Protector(third).Unprotect(between));
        Assert.Equal("after", Protector(first).Unprotect(Protector(third).Protect("after")));
        Assert.Equal(sessions, await stage.SessionsAsync(Name));
    }

    private static ServiceProvider Application(ConnectionMultiplexer multiplexer)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("shop").PersistKeysToStackExchangeRedis(multiplexer, List);
        return services.BuildServiceProvider();
    }

    private static IDataProtector Protector(ServiceProvider application) => application.GetDataProtector("cookies");

    // It stores with the client's synchronous commands.
    private static Task<IKey> NewKeyAsync(ServiceProvider application) => Task.Run(() =>
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return application.GetRequiredService<IKeyManager>().CreateNewKey(now, now.AddDays(90));
    });

    private static async Task AssertStoredOnceAsync(ApplicationStage stage, IKey key)
    {
        RawReply stored = await stage.Master.CallAsync("LRANGE", List, "0", "-1");
        Assert.Single(stored.Items, item => item.Text!.Contains(key.KeyId.ToString(), StringComparison.Ordinal));
    }
}
