using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>
/// From the start of RedisProxy's process to the first PONG through it, against the start and end of a program of the same runtime that
/// does nothing: what it takes beyond the runtime's own share.
/// </summary>
internal static class StartTime
{
    private const int MinPairs = 5;
    private const double MaxRatio = 3;
    private const double AimedRatio = 2;
    private const string Proxy = "RedisProxy, to the first PONG";
    private const string Empty = "empty program, to its end";

    // Also begins the names of variables that configure a proxy, so none of ours may reach it.
    private const string VariablePrefix = "REDISPROXY_";

    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    public static Measure Measure { get; } = new("start", "from a start to the first PONG, ÷ an empty .NET program", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        int pairs = Math.Max(MinPairs, bench.Options.Rounds);
        Task<Time> RunOneAsync(string key) => key == Proxy ? ProxyAsync(bench.Redis) : EmptyAsync();
        // Not counted: the files are read from disk.
        await RunOneAsync(Proxy);
        await RunOneAsync(Empty);
        Rounds<Time> rounds = await Rounds<Time>.RunAsync(Measure.Key, pairs, [Empty, Proxy], RunOneAsync, time => time.ToString());
        string[] Row(string key) =>
        [
            key,
            Spread.WholeText(rounds.Of(key, t => t.Milliseconds), "0"),
            Spread.WholeText(rounds.Ratio(key, Empty, t => t.Milliseconds), "0.00"),
        ];

        double? ratio = rounds.Ratio(Proxy, Empty, t => t.Milliseconds)?.Median;
        return new MeasureResult(
            string.Create(CultureInfo.InvariantCulture, $"Start (medians of {pairs} pairs)"),
            [["", "ms", "÷ empty program"], Row(Empty), Row(Proxy)],
            [
                new Bar(Measure.Key, "to PONG ÷ empty program", ratio, Limit.AtMost(MaxRatio, "0.00"))
                {
                    Aim = Limit.AtMost(AimedRatio, "0.00"),
                },
            ]);
    }

    private static async Task<Time> EmptyAsync()
    {
        string dll = Path.Combine(ProxyProcess.RepositoryRoot(), "benchmarks/RedisProxy.Empty/bin/Release/net10.0/RedisProxy.Empty.dll");
        long start = Stopwatch.GetTimestamp();
        await using ChildProcess process = await RunDllAsync("empty", dll, []);
        int exitCode = await process.WaitForExitAsync(StartWithin);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        return exitCode == 0
            ? new Time(duration.TotalMilliseconds)
            : throw new InvalidOperationException($"The empty program ended with exit code {exitCode}. Its last lines:\n{process.LogTail}");
    }

    private static async Task<Time> ProxyAsync(RedisServer redis)
    {
        int port = FreePorts.Take();
        string[] arguments = ["--listen", Text(port), "--backend", redis.Endpoint, "--admin", Text(FreePorts.Take())];
        long start = Stopwatch.GetTimestamp();
        await using ChildProcess process = await RunDllAsync("proxy", ProxyProcess.FindDll(), arguments);
        while (!await AnswersAsync(port))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(start) > StartWithin)
            {
                throw new InvalidOperationException($"The proxy did not answer. Its last lines:\n{process.LogTail}");
            }

            await Task.Delay(PollInterval, TimeProvider.System);
        }

        return new Time(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    // Both in the same way, so that their difference is their own.
    private static async Task<ChildProcess> RunDllAsync(string name, string dll, IEnumerable<string> arguments)
    {
        Dictionary<string, string?> environment = Environment.GetEnvironmentVariables().Keys.OfType<string>()
            .Where(variable => variable.StartsWith(VariablePrefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(variable => variable, _ => (string?)null);
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return await ChildProcess.StartAsync(name, dotnet, [dll, .. arguments], "/dev/null", environment);
    }

    // With the event's error code and not by an exception, which would cost more time than there is between two looks.
    private static async Task<bool> AnswersAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var connect = new SocketAsyncEventArgs { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, port) };
        var completed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connect.Completed += (_, _) => completed.SetResult();
        if (socket.ConnectAsync(connect))
        {
            await completed.Task;
        }

        if (connect.SocketError != SocketError.Success)
        {
            return false;
        }

        using RawClient client = RawClient.OfAccepted(socket);
        return (await client.CallAsync("PING")).Text == "PONG";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Time(double Milliseconds)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds:0} ms");
    }
}
