using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>Requests behind which replies do not match requests one to one: MONITOR, and SUBSCRIBE or CLIENT REPLY within MULTI.</summary>
public class UnframedTests
{
    [Theory]
    [InlineData("SUBSCRIBE c")]
    [InlineData("CLIENT REPLY ON")]
    public async Task NotSentYet_AMessageIsNoReplyToIt(string command)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("HELLO", "3"), "%1\r\n$5\r\nproto\r\n:3\r\n");
        await (client, first).ExchangeAsync(Requests.Of("CLIENT", "TRACKING", "ON", "BCAST"), "+OK\r\n");
        await (client, first).ExchangeAsync(Requests.Multi, "+OK\r\n");
        string request = Requests.Of(command.Split(' '));
        const string Message = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n";
        await lab.WhileLoopIsHeldUpAsync(async () =>
        {
            // In one turn the request is taken first, then the message, and then the request is sent.
            await client.SendAsync(request);
            await first.SendAsync(Message);
            return Task.CompletedTask;
        });
        await first.ExpectAsync(request);
        await client.ExpectAsync(Message);
        await first.SendAsync("+QUEUED\r\n");
        await client.ExpectAsync("+QUEUED\r\n");
        await (client, first).ExchangeAsync(Requests.Exec, "*1\r\n+OK\r\n");
    }
}
