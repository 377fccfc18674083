using RedisProxy.Configuration;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>A client that lives, and does not read what waits for it.</summary>
public sealed class SlowReaderTests
{
    private const int ReplyBytes = 16 * 1024 * 1024;

    // Longer than the user timeout towards servers.
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(40);

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Client_DoesNotReadForFortySeconds_GetsItsReplyAfterwards()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, Task sending) = await OweReplyAsync(lab);
        await Task.Delay(LongPause, TimeProvider.System);
        client.Timeout = TimeSpan.FromSeconds(30);
        string reply = await client.ReadExactlyAsync(Head.Length + ReplyBytes + 2);
        Assert.EndsWith("x\r\n", reply, StringComparison.Ordinal);
        await sending;
        Assert.Equal(0, lab.Counters.Ended.Sum());
    }

    [Fact]
    public async Task Client_DoesNotReadForItsUserTimeout_IsGivenUp()
    {
        ProxyOptions options = SessionLab.Options() with { Client = new ClientOptions { UserTimeout = TimeSpan.FromSeconds(1) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (_, Task sending) = await OweReplyAsync(lab);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended.Sum() == 1, "the session ends");
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    private static string Head => $"${ReplyBytes}\r\n";

    private static async Task<(RawClient Client, Task Sending)> OweReplyAsync(SessionLab lab)
    {
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync(receiveBufferBytes: 4096);
        RawClient backend = await lab.AcceptAsync(lab.First);
        backend.Timeout = LongPause * 2;
        await client.SendAsync(Requests.Get);
        await backend.ExpectAsync(Requests.Get);
        return (client, backend.SendAsync(Head + new string('x', ReplyBytes) + "\r\n"));
    }
}
