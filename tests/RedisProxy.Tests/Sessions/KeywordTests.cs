using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>Redis compares the words of a command's syntax as C strings: for it, they end at a zero byte. For the proxy, too.</summary>
public sealed class KeywordTests
{
    private const string Hello3 = "%1\r\n+proto\r\n:3\r\n";

    [Fact]
    public async Task Skip_IsNotSaidToTheServer()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Of("CLIENT", "REPLY", "SKIP\0x") + Requests.Set + Requests.Get);
        await first.ReadUntilAsync(Requests.Get);
        await first.SendAsync("+OK\r\n+OK\r\n$1\r\n1\r\n");
        await client.ExpectAsync("$1\r\n1\r\n");
    }

    [Fact]
    public async Task Modes_AreKept()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string tracking = Requests.Of("CLIENT", "TRACKING", "ON\0");
        string touch = Requests.Of("CLIENT", "NO-TOUCH", "ON\0");
        string hello = Requests.Of("HELLO", "3", "SETNAME\0", "n");
        await (client, first).ExchangeAsync(hello + tracking + touch, Hello3 + "+OK\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3", "SETNAME", "n") + tracking + Requests.Of("CLIENT", "NO-TOUCH", "on"));
    }

    [Fact]
    public async Task RedirectedTracking_IsNotRestored()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("CLIENT", "TRACKING", "ON", "REDIRECT\0", "7"), "+OK\r\n");
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Pinned[(int)PinReason.Tracking] == 1, "the reason is counted");
    }
}
