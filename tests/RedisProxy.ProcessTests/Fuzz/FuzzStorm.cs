using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Others, who publish and write keys that are tracked, with bytes in them that look like replies.</summary>
internal sealed class FuzzStorm : IAsyncDisposable
{
    /// <summary>How everything that is published ends.</summary>
    public const string Tail = "storm\r\n";

    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public FuzzStorm(FuzzServer server) => _running = RunAsync(server.Port);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync(int port)
    {
        await Task.Yield();
        using var connection = new FuzzConnection(port);
        for (int i = 0; !_end.IsCancellationRequested; i++)
        {
            int before = connection.Frames.Replies.Count;
            string payload = string.Create(CultureInfo.InvariantCulture, $"{i}\r\n$6\r\nforged\r\n:{i}\r\n+OK\r\n") + "storm";
            string key = string.Create(CultureInfo.InvariantCulture, $"t{i % 7}\r\n$6\r\nforged\r\n:1\r\n");
            byte[] both =
            [
                .. FuzzRequest.Of("PUBLISH", i % 2 == 0 ? "chan-1" : "chan-2", payload).Bytes,
                .. FuzzRequest.Of("SPUBLISH", "chan-3", payload).Bytes,
                .. FuzzRequest.Of("SET", key, payload).Bytes,
            ];
            connection.Send([.. Enumerable.Repeat(both, 4).SelectMany(static bytes => bytes)]);
            connection.ReceiveUntil(before + 12);
            connection.Frames.Replies.Clear();
            await Task.Yield();
        }
    }
}
