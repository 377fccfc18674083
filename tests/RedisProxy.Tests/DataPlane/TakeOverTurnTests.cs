using System.ComponentModel;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.DataPlane;

/// <summary>Of several processes that would take over from one, one does.</summary>
public sealed class TakeOverTurnTests
{
    private readonly FakeTimeProvider _clock = new();

    // Nothing listens there: the name is all that counts.
    private readonly BindAddress _one = AddressOf($"/redisproxy-test/{Guid.NewGuid()}");
    private readonly BindAddress _other = AddressOf($"/redisproxy-test/{Guid.NewGuid()}");

    [PassageFact]
    public async Task Second_WaitsAndThenSaysWhoIsFirst()
    {
        using TakeOverTurn first = await AwaitAsync(_one);
        Task<TakeOverTurn> second = AwaitAsync(_other, _one);
        Assert.False(second.IsCompleted);
        await Eventually.TrueWithinAsync(_clock, () => second.IsCompleted);
        Win32Exception refusal = await Assert.ThrowsAsync<Win32Exception>(() => second);
        Assert.Equal(Errno.AddressInUse, refusal.NativeErrorCode);
        string who = $"process {Environment.ProcessId} is taking over {_one} already; start this one when ";
        Assert.StartsWith(who, refusal.Message, StringComparison.Ordinal);

        // It has left the address that it had got.
        using TakeOverTurn third = await AwaitAsync(_other);
    }

    [PassageFact]
    public async Task Second_BeginsAsSoonAsTheFirstIsUp()
    {
        using TakeOverTurn first = await AwaitAsync(_one, _other, _one);
        Task<TakeOverTurn> second = AwaitAsync(_other, _one);
        first.End(_other);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(second.IsCompleted);
        first.End(_one);
        first.End(_one);
        await Eventually.TrueWithinAsync(_clock, () => second.IsCompleted);
        (await second).Dispose();
    }

    private static BindAddress AddressOf(string path) =>
        BindAddress.TryParse(BindAddress.UnixPrefix + path, out BindAddress? address) ? address : throw new InvalidOperationException(path);

    private Task<TakeOverTurn> AwaitAsync(params BindAddress[] addresses) =>
        TakeOverTurn.AwaitAsync(addresses, _clock, TestContext.Current.CancellationToken);
}
