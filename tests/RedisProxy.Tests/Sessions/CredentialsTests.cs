using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// Requests with credentials in a pipeline. Redis from 7.2 on gives no reply to wrong ones while it owes earlier replies: so the proxy
/// does not let it come to that.
/// </summary>
public sealed class CredentialsTests
{
    private const string Wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    [Theory]
    [InlineData("AUTH", "u", "wrong")]
    [InlineData("HELLO", "3", "AUTH", "u", "wrong")]
    [InlineData("HELLO", "3", "SETNAME", "n", "AUTH", "u", "wrong")]
    public async Task Credentials_GoWhenEverythingBeforeThemIsAnswered(params string[] words)
    {
        string credentials = Requests.Of(words);
        var time = new FakeTimeProvider();
        await using SessionLab lab = await SessionLab.StartAsync(time: time);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get + Requests.Set + credentials + Requests.Get);
        await first.ExpectAsync(Requests.Get + Requests.Set);
        await first.SendAsync("$1\r\n1\r\n");
        await client.ExpectAsync("$1\r\n1\r\n");

        // It waits for a reply and not for a master, however long that takes.
        time.Advance(TimeSpan.FromMinutes(1));
        await lab.Loop.InvokeAsync(static () => true);
        Assert.Equal("", first.Pending);
        await first.SendAsync("+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
        await first.ExpectAsync(credentials + Requests.Get);
        await first.SendAsync(Wrong + "$1\r\n2\r\n");
        await client.ExpectAsync(Wrong + "$1\r\n2\r\n");

        // The refusal has not been taken for something else: nobody is logged in on the next master, and each reply has its request.
        await lab.ServeSecondAsync();
        await client.SendAsync(Requests.Get);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get, "$1\r\n3\r\n");
    }

    [Fact]
    public async Task ClientThatLeftDuringAPop_IsNotServedBecauseCredentialsWaitBehindIt()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string pop = Requests.Of("BLPOP", "q", "0");
        await client.SendAsync(pop + Requests.Of("AUTH", "pw"));
        await first.ExpectAsync(pop);
        client.HalfClose();
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task CredentialsBehindALostRequest_GoToTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string credentials = Requests.Of("AUTH", "pw");
        await client.SendAsync(Requests.Get + credentials + Requests.Set);
        await first.ExpectAsync(Requests.Get);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("$1\r\n1\r\n");
        await second.ExpectAsync(credentials + Requests.Set);
        await second.SendAsync("+OK\r\n+OK\r\n");
        await client.ExpectAsync("$1\r\n1\r\n+OK\r\n+OK\r\n");
    }
}
