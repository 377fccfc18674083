using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>The requests and replies that the session tests speak with.</summary>
internal static class Requests
{
    public const string Unknown =
        "-IOERR RedisProxy: the master was lost before it replied, the outcome of the command is unknown\r\n";

    public const string NotExecuted = "-LOADING RedisProxy: no master is available for 'lab', the command was not executed\r\n";

    public const string ReadOnly = "-READONLY You can't write against a read only replica.\r\n";

    public static readonly string Get = Of("GET", "k");

    public const string Aborted =
        "-EXECABORT RedisProxy: the transaction was not executed, because no master could take the whole of it\r\n";

    public static readonly string Multi = Of("MULTI");

    public static readonly string Exec = Of("EXEC");

    public static readonly string Watch = Of("WATCH", "k");

    public static readonly string Set = Of("SET", "k", "v");

    public static string Of(params string[] words) => System.Text.Encoding.Latin1.GetString(RawClient.Command(words));

    /// <summary>The client asks and the backend answers, through the proxy.</summary>
    public static async Task ExchangeAsync(this (RawClient Client, RawClient Backend) pair, string request, string reply)
    {
        await pair.Client.SendAsync(request);
        await pair.ServeAsync(request, reply);
    }

    /// <summary>The same for what the client has asked already.</summary>
    public static async Task ServeAsync(this (RawClient Client, RawClient Backend) pair, string request, string reply)
    {
        await pair.Backend.ExpectAsync(request);
        await pair.Backend.SendAsync(reply);
        await pair.Client.ExpectAsync(reply);
    }

    /// <summary>The peer gets exactly this and, for now, nothing after it.</summary>
    public static async Task ExpectAsync(this RawClient peer, string expected)
    {
        Assert.Equal(expected, await peer.ReadExactlyAsync(expected.Length));
        Assert.Equal("", peer.Pending);
    }
}
