using RedisProxy.Load.Measures;
using RedisProxy.Testing;

namespace RedisProxy.Load.Sharing;

/// <summary>A client that takes more than its part.</summary>
/// <param name="Key">Short.</param>
/// <param name="Title">What it is, after "beside".</param>
/// <param name="Requests">What it sends in one piece.</param>
/// <param name="ReplyBytes">Of all of them together.</param>
/// <param name="IsReading">It reads all replies and begins again. Otherwise it sends once, and never reads.</param>
internal sealed record Neighbour(string Key, string Title, byte[] Requests, long ReplyBytes, bool IsReading)
{
    private const string LargeKey = "neighbour:large";
    private const int LargeBytes = 64 * 1024 * 1024;
    private const int Pipelined = 100_000;

    public static IReadOnlyList<Neighbour> All { get; } =
    [
        new("unread", "one that never reads 64 MiB", RawClient.Command("GET", LargeKey), BulkBytes(LargeBytes), IsReading: false),
        new("large", "one that always reads 64 MiB", RawClient.Command("GET", LargeKey), BulkBytes(LargeBytes), IsReading: true),
        new(
            "deep",
            "one with pipelines of 100,000",
            [.. Enumerable.Repeat(RawClient.Command("GET", RedisBenchmark.KeyOfGet), Pipelined).SelectMany(bytes => bytes)],
            Pipelined * BulkBytes(Cell.Base.ValueBytes),
            IsReading: true),
    ];

    /// <summary>The values that they ask for, and those of all others.</summary>
    public static async Task PrepareAsync(RedisServer redis)
    {
        await RedisBenchmark.PrepareAsync(redis, Cell.Base);
        // Zeros up to the last byte: redis makes them, so nobody has to send them.
        await redis.CallAsync("SETRANGE", LargeKey, Peers.Peer.Text(LargeBytes - 1), "x");
    }

    public static Task CleanAsync(RedisServer redis) => redis.CallAsync("DEL", LargeKey);

    // $LENGTH, the value, and a line end after each.
    private static long BulkBytes(int bytes) => 1 + Peers.Peer.Text(bytes).Length + 2 + bytes + 2;
}
