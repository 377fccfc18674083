using System.Globalization;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>Memory of thousands of sessions that have said PING once and are silent since. A fresh process each time.</summary>
internal static class IdleSessions
{
    private const int Sessions = 8000;

    // Connecting at the same time, so that the targets meet some of them together.
    private const int Batch = 100;

    // Two for a session, and what a target keeps back or needs for itself.
    private const int DescriptorsNeeded = (2 * Sessions) + 400;

    private const int MaxRounds = 3;
    private const double MaxKilobytesEach = 2.9;
    private const double AimedKilobytesEach = 1.5;
    private const double MaxMegabytesEmpty = 32;
    private const double MaxMegabytesFull = 56;
    private const double AimedMegabytes = 24;
    private const double Kilobyte = 1024;
    private const double Megabyte = 1024 * 1024;

    // Garbage of the start is collected, buffers are given back.
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(30);
    private static readonly byte[] Ping = RawClient.Command("PING");

    public static Measure Measure { get; } = new("idle", $"memory of {Text(Sessions, "0")} idle sessions", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        if (DescriptorLimit() is long limit && limit < DescriptorsNeeded)
        {
            throw new InvalidOperationException(
                $"{Sessions} sessions need {DescriptorsNeeded} open files in a process, and the limit is {limit} (ulimit -Hn).");
        }

        string[] targets = [.. bench.Options.Targets.Where(key => key != Target.DirectKey && !Target.Shares(key)).Distinct()];
        if (targets.Length == 0)
        {
            throw new InvalidOperationException("None of the targets is a forwarder, so there is no memory to measure.");
        }

        int rounds = Math.Min(bench.Options.Rounds, MaxRounds);
        var names = new Dictionary<string, string>();
        Rounds<Growth> growths = await Rounds<Growth>.RunAsync(
            Measure.Key, rounds, targets, key => MeasureAsync(bench.Redis, key, names), growth => growth.ToString());
        string[] titles = ["", "MB without sessions", $"MB with {Text(Sessions, "N0")}", "KB/session"];
        return new MeasureResult(
            $"Memory of {Text(Sessions, "N0")} idle sessions (1 MB = 1,048,576 B; anonymous and shared memory, growth of the "
                + $"anonymous alone; a fresh process each time, medians of {Text(rounds, "0")})",
            [titles, .. targets.Select(key => Row(names[key], key, growths))],
            Bars(growths));
    }

    private static string[] Row(string name, string key, Rounds<Growth> growths) =>
    [
        name,
        Spread.Text(growths.Of(key, g => g.MegabytesEmpty), "0.0"),
        Spread.Text(growths.Of(key, g => g.MegabytesFull), "0.0"),
        Spread.WholeText(growths.Of(key, g => g.KilobytesEach), "0.00"),
    ];

    private static IReadOnlyList<Bar> Bars(Rounds<Growth> growths)
    {
        Bar Of(string what, Func<Growth, double> figure, double max, double aim) =>
            new(Measure.Key, what, growths.Of(Target.ProxyKey, figure)?.Median, Limit.AtMost(max, "0.00"))
            {
                Aim = Limit.AtMost(aim, "0.00"),
            };
        return
        [
            Of("KB/session", g => g.KilobytesEach, MaxKilobytesEach, AimedKilobytesEach),
            Of("MB without sessions", g => g.MegabytesEmpty, MaxMegabytesEmpty, AimedMegabytes),
            Of($"MB with {Text(Sessions, "N0")} sessions", g => g.MegabytesFull, MaxMegabytesFull, AimedMegabytes),
        ];
    }

    private static async Task<Growth> MeasureAsync(RedisServer redis, string key, Dictionary<string, string> names)
    {
        var clients = new List<Socket>();
        try
        {
            await using Target target = await Target.StartAsync(key, redis, Sessions + Batch);
            names[key] = target.Name;
            int processId = target.Forwarder!.Id;
            await Task.Delay(SettleTime, TimeProvider.System);
            ProcessMemory empty = ProcessMemory.Of(processId);
            while (clients.Count < Sessions)
            {
                await ConnectAsync(target, clients);
            }

            await Task.Delay(SettleTime, TimeProvider.System);
            ProcessMemory full = ProcessMemory.Of(processId);
            return new Growth(
                empty.Bytes / Megabyte, full.Bytes / Megabyte, (full.AnonymousBytes - empty.AnonymousBytes) / Kilobyte / Sessions);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
            // Or the next one would find redis busy with the end of these.
            await Eventually.Within(
                GoneWithin,
                async () => await ConnectedAsync(redis) < Sessions / 10,
                "redis has closed the connections of the last target");
        }
    }

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

    // Of this process, once the runtime has raised the soft limit to the hard one, as it does at its start; children inherit it.
    private static long? DescriptorLimit()
    {
        string? line = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        string? soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }

    private static string Text(int number, string format) => number.ToString(format, CultureInfo.InvariantCulture);

    private sealed record Growth(double MegabytesEmpty, double MegabytesFull, double KilobytesEach)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{MegabytesEmpty:0.0} → {MegabytesFull:0.0} MB, {KilobytesEach:0.00} KB/session");
    }
}
