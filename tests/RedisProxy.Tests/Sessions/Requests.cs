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

    public static readonly string Set = Of("SET", "k", "v");

    public static string Of(params string[] words) => System.Text.Encoding.Latin1.GetString(RawClient.Command(words));

    /// <summary>The peer gets exactly this and, for now, nothing after it.</summary>
    public static async Task ExpectAsync(this RawClient peer, string expected)
    {
        Assert.Equal(expected, await peer.ReadExactlyAsync(expected.Length));
        Assert.Equal("", peer.Pending);
    }
}
