using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>Clients that authenticate to the proxy, and sessions that the proxy authenticates at the master.</summary>
public sealed class AccessTests
{
    private const string Ok = "+OK\r\n";
    private const string NoAuth = "-NOAUTH Authentication required.\r\n";
    private const string WrongPass = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";

    private const string NoPerm =
        "-NOPERM RedisProxy: not on this endpoint, it would end the authentication that the proxy has done\r\n";

    private static readonly UserOptions App = new() { Username = "app", Password = "app-secret" };
    private static readonly UserOptions Default = new() { Password = "default-secret" };
    private static readonly UserOptions Backend = new() { Username = "proxied", Password = "backend-secret" };
    private static readonly string BackendAuth = Requests.Of("AUTH", "proxied", "backend-secret");

    [Fact]
    public async Task Client_UntilItHasAuthenticated_GetsRedissOwnErrorsAndNoBackend()
    {
        await using SessionLab lab = await StartAsync([App, Default], Backend);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(
            Requests.Get + "PING\r\n" + Requests.Multi + Requests.Of("AUTH", "app", "wrong") + Requests.Of("AUTH", "secret")
            + Requests.Of("HELLO", "3") + Requests.Of("HELLO", "3", "AUTH", "app", "no") + Requests.Of("SUBSCRIBE", "c"));
        string hello = await client.ReadUntilAsync("at the same time\r\n");
        Assert.StartsWith($"{NoAuth}{NoAuth}{NoAuth}{WrongPass}{WrongPass}-NOAUTH HELLO must be called", hello, StringComparison.Ordinal);
        await client.ExpectAsync(WrongPass + NoAuth);
        Assert.False(lab.First.HasPendingConnection);
        Assert.Equal(1, lab.Counters.ProxyReplies[(int)Outcome.HelloNotAuthenticated]);
    }

    [Theory]
    [InlineData("app", "app-secret")]
    [InlineData("app", "app-secret-2")]
    [InlineData("default", "default-secret")]
    [InlineData(null, "default-secret")]
    public async Task Client_WithARightPassword_IsServedAsTheBackendUser(string? name, string password)
    {
        await using SessionLab lab = await StartAsync([App, App with { Password = "app-secret-2" }, Default], Backend);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Of(name is null ? ["AUTH", password] : ["AUTH", name, password]) + Requests.Get);
        await client.ExpectAsync(Ok);
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(BackendAuth);
        await backend.SendAsync(Ok);
        await (client, backend).ServeAsync(Requests.Get, "$-1\r\n");

        // And on the next master; a wrong password changes nothing for who is in already.
        await client.SendAsync(Requests.Of("AUTH", "app", "wrong"));
        await client.ExpectAsync(WrongPass);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(BackendAuth);
        await second.SendAsync(Ok);
        await client.SendAsync(Requests.Set);
        await second.ExpectAsync(Requests.Set);
    }

    [Fact]
    public async Task HelloWithAuth_GoesOnWithoutIt_AndIsReplayedWithTheBackendUser()
    {
        await using SessionLab lab = await StartAsync([App], Backend);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Of("HELLO", "3", "auth", "app", "app-secret", "SETNAME", "worker") + Requests.Get);
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(BackendAuth);
        await backend.SendAsync(Ok);
        string sent = await backend.ReadUntilAsync(Requests.Get);
        Assert.Equal(Requests.Of("HELLO", "3", "SETNAME", "worker") + Requests.Get, sent.TrimStart('\n'));
        await backend.SendAsync("%1\r\n+server\r\n+redis\r\n_\r\n");
        await client.ExpectAsync("%1\r\n+server\r\n+redis\r\n_\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(BackendAuth + Requests.Of("HELLO", "3", "SETNAME", "worker"));
    }

    [Theory]
    [InlineData("HELLO 3 AUTH nobody no AUTH app app-secret", "HELLO 3")]
    [InlineData("HELLO 3 SETNAME auth AUTH app app-secret SETNAME b", "HELLO 3 SETNAME auth SETNAME b")]
    [InlineData("HELLO 3 AUTH app app-secret FOO AUTH root toor", "HELLO 3 FOO")]
    public async Task HelloWithAuth_IsReadOptionByOptionAndTheLastOneCounts(string said, string sent)
    {
        await using SessionLab lab = await StartAsync([App], backendUser: null);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Of(said.Split(' ')) + Requests.Get);
        RawClient backend = await lab.AcceptAsync(lab.First);
        Assert.Equal(Requests.Of(sent.Split(' ')) + Requests.Get, (await backend.ReadUntilAsync(Requests.Get)).TrimStart('\n'));
    }

    [Fact]
    public async Task WhatIsNotLookedIntoBehindIt_IsRefusedWithABackendUser()
    {
        await using SessionLab lab = await StartAsync([], Backend);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(BackendAuth);
        await backend.SendAsync(Ok);
        await client.SendAsync(Requests.Of("MONITOR") + Requests.Of("RESET") + Requests.Of("SYNC") + Requests.Of("RESET"));
        await client.ExpectAsync(NoPerm + NoPerm + NoPerm + NoPerm);

        // In a transaction redis must refuse something, or it would execute the rest.
        await client.SendAsync(Requests.Multi + "SYNC\n" + Requests.Of("RESET") + Requests.Exec);
        string reset = new string('\n', Requests.Of("RESET").Length - "AUTH\n".Length);
        await backend.ExpectAsync($"{Requests.Multi}AUTH\n{reset}AUTH\n{Requests.Exec}");
    }

    [Fact]
    public async Task HelloWithAuth_InEverySplitOfItsBytes_IsTheSame()
    {
        string hello = Requests.Of("HELLO", "2", "AUTH", "app", "app-secret");
        for (int split = 1; split < hello.Length; split++)
        {
            await using SessionLab lab = await StartAsync([App], backendUser: null);
            await lab.ServeFirstAsync();
            RawClient client = await lab.ConnectAsync();
            await client.SendAsync(hello[..split]);
            await client.SendAsync(hello[split..] + Requests.Get);
            RawClient backend = await lab.AcceptAsync(lab.First);
            string sent = await backend.ReadUntilAsync(Requests.Get);
            Assert.Equal(Requests.Of("HELLO", "2") + Requests.Get, sent.TrimStart('\n'));
        }
    }

    [Fact]
    public async Task AuthInATransaction_SpoilsItAsRedisDoes_WithoutTheSecret()
    {
        await using SessionLab lab = await StartAsync([App], backendUser: null);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        string auth = Requests.Of("AUTH", "app", "app-secret");
        await client.SendAsync(auth + Requests.Multi + auth + Requests.Exec);
        await client.ExpectAsync(Ok);
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(Requests.Multi + new string('\n', auth.Length - "AUTH\n".Length) + "AUTH\n" + Requests.Exec);
        const string Replies = "+OK\r\n-ERR wrong number of arguments\r\n-EXECABORT Transaction discarded because of previous errors.\r\n";
        await backend.SendAsync(Replies);
        await client.ExpectAsync(Replies);
    }

    [Fact]
    public async Task Reset_IsRefusedWithABackendUser_AndPassesWithout()
    {
        await using (SessionLab lab = await StartAsync([], Backend))
        {
            await lab.ServeFirstAsync();
            RawClient client = await lab.ConnectAsync();
            RawClient backend = await lab.AcceptAsync(lab.First);
            await backend.ExpectAsync(BackendAuth);
            await backend.SendAsync(Ok);
            await client.SendAsync(Requests.Of("AUTH", "whatever") + Requests.Of("RESET"));
            await client.ExpectAsync($"{Ok}{NoPerm}");
        }

        await using (SessionLab lab = await StartAsync([App], backendUser: null))
        {
            await lab.ServeFirstAsync();
            RawClient client = await lab.ConnectAsync();
            await client.SendAsync(Requests.Of("AUTH", "app", "app-secret") + Requests.Of("RESET") + Requests.Get);
            RawClient backend = await lab.AcceptAsync(lab.First);
            await backend.ExpectAsync(Requests.Of("RESET") + Requests.Get);
            await backend.SendAsync("+RESET\r\n$-1\r\n");
            await client.ExpectAsync($"{Ok}+RESET\r\n$-1\r\n");
        }
    }

    [Fact]
    public async Task Quit_BeforeAuthentication_IsAnsweredAndEndsTheSession()
    {
        await using SessionLab lab = await StartAsync([App], Backend);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Get + Requests.Of("QUIT") + Requests.Get);
        Assert.Equal(new ConnectionEnd(NoAuth + Ok, WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.Quit] == 1, "it is counted as QUIT");
    }

    [Theory]
    [InlineData("*2\r\n$4\r\nAUTH\r\n$20000\r\n")]
    [InlineData("*200000\r\n$3\r\nSET\r\n$20000\r\n")]
    public async Task Request_LargerThanAnAuthenticationTakes_EndsTheSessionBeforeItIsReceived(string beginning)
    {
        await using SessionLab lab = await StartAsync([App], Backend);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(beginning);
        Assert.Equal(
            new ConnectionEnd("-ERR Protocol error: unauthenticated bulk length\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task BackendUser_ThatTheMasterRefuses_EndsTheSession()
    {
        await using SessionLab lab = await StartAsync([], Backend);
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(BackendAuth);
        await backend.SendAsync(WrongPass);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        Assert.Equal(1, lab.BackendUserRefusals);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.ReplayRefused] == 1, "it is counted");
    }

    [Fact]
    public async Task Strangers_AreEndedInTime_AndThoseWhoAreKnownStay()
    {
        await using SessionLab lab = await StartAsync([App], backendUser: null, authenticationTimeout: TimeSpan.FromMilliseconds(200));
        await lab.ServeFirstAsync();
        RawClient stranger = await lab.ConnectAsync();
        RawClient known = await lab.ConnectAsync();
        await known.SendAsync(Requests.Of("AUTH", "app", "app-secret"));
        await known.ExpectAsync(Ok);
        await stranger.SendAsync(Requests.Get);
        Assert.Equal(new ConnectionEnd(NoAuth, WasReset: false), await stranger.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.NotAuthenticated] == 1, "it is counted");
        await known.SendAsync(Requests.Of("AUTH", "app", "app-secret"));
        await known.ExpectAsync(Ok);
    }

    [Fact]
    public async Task Strangers_WhereTheMasterAsksForAPassword_AreEndedInTime()
    {
        var client = new ClientOptions { AuthenticationTimeout = TimeSpan.FromMilliseconds(200) };
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.Options() with { Client = client });
        await lab.ShowAsync(RedisProxy.Topology.Availability.Available, 1, lab.First, demandsAuthentication: true);
        RawClient known = await lab.ConnectAsync();
        RawClient knownBackend = await lab.AcceptAsync(lab.First);
        await (known, knownBackend).ExchangeAsync(Requests.Of("AUTH", "pw"), Ok);
        RawClient stranger = await lab.ConnectAsync();
        RawClient strangerBackend = await lab.AcceptAsync(lab.First);
        await (stranger, strangerBackend).ExchangeAsync(Requests.Of("AUTH", "bad"), WrongPass);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await stranger.ReadToEndAsync());
        await (known, knownBackend).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    private static Task<SessionLab> StartAsync(
        IReadOnlyList<UserOptions> users, UserOptions? backendUser, TimeSpan? authenticationTimeout = null)
    {
        ProxyOptions options = SessionLab.Options();
        return SessionLab.StartAsync(options with
        {
            Listeners = [options.Listeners[0] with { Users = users, BackendUser = backendUser }],
            Client = new ClientOptions { AuthenticationTimeout = authenticationTimeout ?? TimeSpan.Zero },
        });
    }
}
