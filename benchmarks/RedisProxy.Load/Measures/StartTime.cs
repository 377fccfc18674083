using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>
/// From the start of RedisProxy's process to the first PONG through it, against the start and end of a .NET program that does nothing: an
/// ordinary one, as <c>dotnet build</c> makes it, and for comparison a native one.
/// </summary>
internal static class StartTime
{
    private const int MinPairs = 5;
    private const double MaxRatio = 3;
    private const double AimedRatio = 2;
    private const string Proxy = "RedisProxy, to the first PONG";
    private const string Empty = "empty program, to its end";
    private const string NativeEmpty = "the same, native";
    private const string EmptyFolder = "benchmarks/RedisProxy.Empty/bin";

    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    public static Measure Measure { get; } = new("start", "from a start to the first PONG, ÷ an empty .NET program", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        int pairs = Math.Max(MinPairs, bench.Options.Rounds);
        string[] keys = [Empty, NativeEmpty, Proxy];
        Task<Time> RunOneAsync(string key) => key == Proxy ? ProxyAsync(bench.Redis) : EmptyAsync(isNative: key == NativeEmpty);
        foreach (string key in keys)
        {
            // Not counted: the files are read from disk.
            await RunOneAsync(key);
        }

        Rounds<Time> rounds = await Rounds<Time>.RunAsync(Measure.Key, pairs, keys, RunOneAsync, time => time.ToString());
        string[] Row(string key) =>
        [
            key,
            Spread.WholeText(rounds.Of(key, t => t.Milliseconds), "0"),
            Ratio.Text(rounds.Ratio(key, Empty, t => t.Milliseconds), "0.00"),
        ];

        double? ratio = rounds.Ratio(Proxy, Empty, t => t.Milliseconds)?.Centre;
        return new MeasureResult(
            string.Create(CultureInfo.InvariantCulture, $"Start (medians of {pairs} pairs)"),
            [["", "ms", "÷ empty program"], Row(Empty), Row(NativeEmpty), Row(Proxy)],
            [
                new Bar(Measure.Key, "to PONG ÷ empty program", ratio, Limit.AtMost(MaxRatio, "0.00"))
                {
                    Aim = Limit.AtMost(AimedRatio, "0.00"),
                },
            ]);
    }

    private static async Task<Time> EmptyAsync(bool isNative)
    {
        string file = isNative ? "native/RedisProxy.Empty" : "Release/net10.0/RedisProxy.Empty.dll";
        string program = Path.Combine(ProxyProgram.RepositoryRoot(), EmptyFolder, file);
        long start = Stopwatch.GetTimestamp();
        await using ChildProcess process = await RunAsync("empty", program, []);
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
        await using ChildProcess process = await RunAsync("proxy", ProxyProgram.Find(), arguments);
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

    // All in the same way, so that their difference is their own.
    private static Task<ChildProcess> RunAsync(string name, string path, IEnumerable<string> arguments)
    {
        (string program, string[] all) = ProxyProgram.Command(path, arguments);
        return ChildProcess.StartAsync(name, program, all, "/dev/null", ProxyProgram.CleanEnvironment());
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
