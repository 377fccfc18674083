using System.Globalization;
using System.Reflection;
using System.Text.Json;

using StackExchange.Redis;

namespace RedisProxy.Clients;

/// <summary>
/// StackExchange.Redis, as an application that knows the proxy's address and nothing else. See ../README.md. It is compiled against the
/// current version and, in the folder beside this one, against the old one that many applications still have.
/// </summary>
internal static class Driver
{
    private const int Batch = 5;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    // The client gives up any asynchronous command after 5 s (asyncTimeout) and drops its late reply, so a pop must not wait for longer.
    private const int PopForSeconds = 2;

    private static readonly Lock Output = new();

    public static async Task<int> Main(string[] arguments)
    {
        string[] options = [.. arguments.Where(IsOption)];
        string[] others = [.. arguments.Where(a => !IsOption(a))];
        (string mode, string port, string key) = (others[0], others[1], others[2]);
        using ConnectionMultiplexer connection =
            await ConnectionMultiplexer.ConnectAsync(string.Join(',', [$"127.0.0.1:{port}", .. options]));
        connection.ConnectionFailed += (_, failed) => Say(new { note = $"{failed.ConnectionType} connection: {failed.FailureType}" });
        IDatabase database = connection.GetDatabase();
        Say(new { client = $"StackExchange.Redis {Version()}, RESP{await ProtocolAsync(database)}" });
        if (mode == "pubsub")
        {
            await connection.GetSubscriber().SubscribeAsync(
                new RedisChannel("ticks", RedisChannel.PatternMode.Literal), (_, message) => Say(new { ack = new[] { (long)message } }));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }

        Func<IDatabase, string, long, Task> round = mode switch
        {
            "plain" => PlainAsync,
            "pipelined" => PipelinedAsync,
            "transactional" => TransactionalAsync,
            "blocking" => BlockingAsync,
            _ => throw new ArgumentException($"StackExchange.Redis has no mode '{mode}'."),
        };
        for (long n = 0; ; n++)
        {
            await round(database, key, n);
            if (mode != "blocking")
            {
                await Task.Delay(Pace, TimeProvider.System);
            }
        }
    }

    private static bool IsOption(string argument) => argument.Contains('=', StringComparison.Ordinal);

    private static string Version() => typeof(ConnectionMultiplexer).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    // As the server knows this connection: what was agreed on, not what was asked for.
    private static async Task<string> ProtocolAsync(IDatabase database) =>
        ((string)(await database.ExecuteAsync("CLIENT", "INFO"))!).Split(" resp=")[1][..1];

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

    // The library offers no blocking command: all callers share the connection, so one that waits keeps the others waiting. What pops
    // nevertheless sends the command as it is, over a multiplexer that nobody else uses.
    private static async Task BlockingAsync(IDatabase database, string key, long n)
    {
        try
        {
            RedisResult popped = await database.ExecuteAsync("BLPOP", key, PopForSeconds);
            if (!popped.IsNull)
            {
                Say(new { ack = new[] { (long)((RedisResult[])popped!)[1] } });
            }
        }
        catch (Exception e) when (IsOfRedis(e))
        {
            Say(new { error = Describe(e), of = Array.Empty<long>() });
            // The old version fails at once for as long as it has no connection.
            await Task.Delay(Pace, TimeProvider.System);
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
