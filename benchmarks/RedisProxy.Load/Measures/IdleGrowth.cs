using System.Globalization;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>What thousands of sessions that have said PING once and are silent since cost one target.</summary>
/// <param name="MegabytesEmpty">Its memory without sessions.</param>
/// <param name="MegabytesFull">And with them.</param>
/// <param name="KilobytesEach">Growth of its anonymous memory alone, per session.</param>
/// <param name="Connections">The most that redis had from it.</param>
internal sealed record IdleGrowth(double MegabytesEmpty, double MegabytesFull, double KilobytesEach, int Connections)
{
    // Connecting at the same time, so that the targets meet some of them together.
    private const int Batch = 100;

    private const double Kilobyte = 1024;
    private const double Megabyte = 1024 * 1024;

    // Garbage of the start is collected, buffers are given back.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);

    // Shares of links are given up, too.
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(30);
    private static readonly byte[] Ping = RawClient.Command("PING");

    /// <summary>With a fresh process.</summary>
    /// <param name="bench">Has the redis behind it.</param>
    /// <param name="key">Of the target.</param>
    /// <param name="sessions">How many.</param>
    /// <param name="names">Gets the target's.</param>
    public static async Task<IdleGrowth> MeasureAsync(Bench bench, string key, int sessions, Dictionary<string, string> names)
    {
        RedisServer redis = bench.Redis;
        var clients = new List<Socket>();
        try
        {
            await using Target target = await Target.StartAsync(key, redis, sessions + Batch);
            names[key] = target.Name;
            int processId = target.Forwarder!.Id;
            await Task.Delay(SettleTime, TimeProvider.System);
            using BackendConnections connections = await BackendConnections.OpenAsync(redis);
            ProcessMemory empty = ProcessMemory.Of(processId);
            while (clients.Count < sessions)
            {
                await ConnectAsync(target, clients);
                await connections.LookAsync();
            }

            await Task.Delay(IdleTime, TimeProvider.System);
            await connections.LookAsync();
            ProcessMemory full = ProcessMemory.Of(processId);
            return new IdleGrowth(
                empty.Bytes / Megabyte,
                full.Bytes / Megabyte,
                (full.AnonymousBytes - empty.AnonymousBytes) / Kilobyte / sessions,
                connections.Most(bench.Started));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
            // Or the next one would find redis busy with the end of these.
            await Eventually.Within(
                GoneWithin,
                async () => await ConnectedAsync(redis) < sessions / 10,
                "redis has closed the connections of the last target");
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{MegabytesEmpty:0.0} → {MegabytesFull:0.0} MB, {KilobytesEach:0.00} KB/session, {Connections} connections at redis");

    private static async Task<int> ConnectedAsync(RedisServer redis) =>
        int.Parse((await redis.InfoAsync("clients"))["connected_clients"], CultureInfo.InvariantCulture);

    private static async Task ConnectAsync(Target target, List<Socket> clients)
    {
        var endpoint = new IPEndPoint(IPAddress.Loopback, target.Port);
        async Task AnswerAsync(Socket client)
        {
            await client.ConnectAsync(endpoint);
            await client.SendAsync(Ping);
            byte[] reply = new byte[16];
            int count = await client.ReceiveAsync(reply);
            if (!reply.AsSpan(0, count).SequenceEqual("+PONG\r\n"u8))
            {
                throw new InvalidOperationException($"{target.Name} did not answer PING with PONG, but with {count} other bytes.");
            }
        }

        Socket[] batch = [.. Enumerable.Range(0, Batch).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })];
        clients.AddRange(batch);
        await Task.WhenAll(batch.Select(AnswerAsync)).WaitAsync(GoneWithin, TimeProvider.System);
    }
}
