using System.Globalization;
using System.Text.Json;

using StackExchange.Redis;

namespace RedisProxy.Clients;

/// <summary>StackExchange.Redis, as an application that knows the proxy's address and nothing else. See ../README.md.</summary>
internal static class Driver
{
    private const int Batch = 5;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private static readonly Lock Output = new();

    public static async Task<int> Main(string[] arguments)
    {
        (string mode, string port, string key) = (arguments[0], arguments[1], arguments[2]);
        Say(new { client = $"StackExchange.Redis {typeof(ConnectionMultiplexer).Assembly.GetName().Version!.ToString(3)}" });
        using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}");
        connection.ConnectionFailed += (_, failed) => Say(new { note = $"{failed.ConnectionType} connection: {failed.FailureType}" });
        IDatabase database = connection.GetDatabase();
        if (mode == "pubsub")
        {
            await connection.GetSubscriber().SubscribeAsync("ticks", (_, message) => Say(new { ack = new[] { (long)message } }));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }

        Func<IDatabase, string, long, Task> round = mode switch
        {
            "plain" => PlainAsync,
            "pipelined" => PipelinedAsync,
            "transactional" => TransactionalAsync,
            _ => throw new ArgumentException($"StackExchange.Redis has no mode '{mode}'."),
        };
        for (long n = 0; ; n++)
        {
            await round(database, key, n);
            await Task.Delay(Pace, TimeProvider.System);
        }
    }

    private static async Task PlainAsync(IDatabase database, string key, long n)
    {
        if (await ReportPushAsync(database.ListRightPushAsync(key, n), n))
        {
            await ReportConstantAsync(database.StringGetAsync(Constant(n)), n);
        }
    }

    // What is asked for without awaiting goes out as one pipeline.
    private static async Task PipelinedAsync(IDatabase database, string key, long n)
    {
        (long Number, Task<long> Push, Task<RedisValue> Get)[] asked =
        [
            .. Enumerable.Range(0, Batch).Select(i => (n * Batch) + i)
                .Select(i => (i, database.ListRightPushAsync(key, i), database.StringGetAsync(Constant(i)))),
        ];
        foreach ((long number, Task<long> push, Task<RedisValue> get) in asked)
        {
            await ReportPushAsync(push, number);
            await ReportConstantAsync(get, number);
        }
    }

    private static async Task TransactionalAsync(IDatabase database, string key, long n)
    {
        ITransaction transaction = database.CreateTransaction();
        Task<long> first = transaction.ListRightPushAsync(key, n);
        Task<long> second = transaction.ListRightPushAsync($"{key}:twin", n);
        try
        {
            if (!await transaction.ExecuteAsync())
            {
                Say(new { wrong = "EXEC: not committed, though nothing was watched" });
            }
            else if (await first != await second)
            {
                Say(new { wrong = $"EXEC: {await first}, {await second}" });
            }

            Say(new { ack = new[] { n } });
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            Say(new { error = Describe(e), of = new[] { n } });
        }
    }

    private static async Task<bool> ReportPushAsync(Task<long> push, long n)
    {
        try
        {
            await push;
            Say(new { ack = new[] { n } });
            return true;
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            Say(new { error = Describe(e), of = new[] { n } });
            return false;
        }
    }

    private static async Task ReportConstantAsync(Task<RedisValue> get, long n)
    {
        try
        {
            string? got = await get;
            if (got != string.Create(CultureInfo.InvariantCulture, $"value-{n % 10}"))
            {
                Say(new { wrong = $"GET {Constant(n)}: {got}" });
            }
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            Say(new { error = Describe(e), of = Array.Empty<long>() });
        }
    }

    private static string Constant(long n) => string.Create(CultureInfo.InvariantCulture, $"const:{n % 10}");

    private static bool IsOfRedis(Exception e) => e is RedisException or TimeoutException or OperationCanceledException;

    private static string Describe(Exception e) => $"{e.GetType().Name}: {e.Message}";

    private static void Say(object what)
    {
        lock (Output)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(what));
            Console.Out.Flush();
        }
    }
}
