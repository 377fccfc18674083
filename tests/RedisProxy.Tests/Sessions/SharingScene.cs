using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>A lab whose sessions share a link, and what its tests begin with.</summary>
internal static class SharingScene
{
    public const string Ok = "+OK\r\n";

    public static readonly string Ping = Of("PING");

    public static readonly string Mark = Of("SPUBLISH", "redisproxy:mark", "");

    public static readonly string Name = Of("CLIENT", "SETNAME", "redisproxy-shared");

    public static Task<SessionLab> StartAsync(BreakingKernel? kernel = null, TimeProvider? time = null) =>
        SessionLab.StartAsync(SessionLab.SharingOptions(), time, kernel: kernel);

    /// <summary>A client that has used the shared link, and the other end of that.</summary>
    public static async Task<(RawClient Client, RawClient Link)> JoinFirstAsync(SessionLab lab)
    {
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Get);
        RawClient link = await AcceptSharedAsync(lab, lab.First);
        await link.ExpectAsync(Get);
        await link.SendAsync("$-1\r\n");
        await client.ExpectAsync("$-1\r\n");
        return (client, link);
    }

    public static async Task<RawClient> AcceptSharedAsync(SessionLab lab, ScriptedBackend backend)
    {
        RawClient link = await lab.AcceptAsync(backend);
        await link.ExpectAsync(Ping + Name);
        await link.SendAsync("+PONG\r\n+OK\r\n");
        return link;
    }

    /// <summary>After the link of all was lost.</summary>
    public static async Task<RawClient> AcceptNextSharedAsync(SessionLab lab, RawClient client)
    {
        // Its peer may see the end before the sessions do, which then suspect the master; the next check has to come after that.
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountLinkedAsync() == 0, "the sessions have noticed that the link is lost");
        await lab.ServeFirstAsync();
        await client.SendAsync(Get);
        RawClient link = await AcceptSharedAsync(lab, lab.First);
        await link.ExpectAsync(Get);
        return link;
    }

    public static async Task<RawClient> AcceptOwnAsync(SessionLab lab, string pong = "+PONG\r\n")
    {
        RawClient own = await lab.AcceptAsync(lab.First);
        await own.ExpectAsync(Ping);
        await own.SendAsync(pong);
        return own;
    }

    /// <summary>The same for a client that has written on the shared link.</summary>
    public static async Task<RawClient> AcceptMarkedAsync(SessionLab lab)
    {
        RawClient own = await lab.AcceptAsync(lab.First);
        await own.ExpectAsync(Mark);
        await own.SendAsync(":0\r\n");
        return own;
    }

    public static Task ReturnedAsync(SessionLab lab) => Eventually.Within(
        TimeSpan.FromSeconds(10), async () => await lab.CountDedicatedAsync() == 0, "the session has given its own connection back");

    public static async Task<string> AskAsync(RawClient client, string request, int length)
    {
        await client.SendAsync(request);
        return await client.ReadExactlyAsync(length);
    }
}
