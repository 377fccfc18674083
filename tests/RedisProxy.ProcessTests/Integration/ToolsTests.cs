using System.Diagnostics;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Redis's own tools, unchanged, through the proxy. Without Sentinel, which they do not see anyway.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class ToolsTests : IAsyncLifetime
{
    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task RedisCli_SpeaksThroughTheProxyAsToRedisItself()
    {
        Assert.Equal("OK\n", await CliAsync("SET", "greeting", "hello world"));
        Assert.Equal("hello world\n", await CliAsync("GET", "greeting"));
        Assert.Equal("hello world\n", await CliAsync("-3", "GET", "greeting"));
        Assert.Equal("OK\n1\n", await CliAsync("-n", "5", "--no-raw", "EVAL", "redis.call('SET','k','v') return 'OK'", "0").ContinueWith(
            async first => (await first).Trim('"', '\n') + "\n" + (await CliAsync("-n", "5", "EXISTS", "k")),
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap());
        Assert.StartsWith("# Server", await CliAsync("INFO", "server"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedisCli_WithScriptOnStandardInput_GetsAllRepliesBeforeTheEnd()
    {
        string script = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"INCR counter\n"));
        string output = await RunAsync(ServerRelease.Default.Cli, script, "-p", $"{_proxy.Port}");
        string[] replies = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, 10_000).Select(i => $"{i}"), replies);
    }

    [Fact]
    public async Task RedisCli_PipeMode_LoadsEverything()
    {
        string requests = string.Concat(Enumerable.Range(0, 50_000).Select(i => System.Text.Encoding.Latin1.GetString(
            RawClient.Command("SET", $"pipe:{i}", $"value {i}"))));
        string summary = await RunAsync(ServerRelease.Default.Cli, requests, "-p", $"{_proxy.Port}", "--pipe");
        Assert.Contains("errors: 0, replies: 50000", summary, StringComparison.Ordinal);
        Assert.Equal("50000\n", await CliAsync("DBSIZE"));
    }

    [Theory]
    [InlineData("-P", "16", "-n", "100000", "-r", "1000", "-t", "set,get,incr,lpush,lpop,mset,lrange_100")]
    [InlineData("-c", "200", "-n", "50000", "-t", "ping,set,get")]
    [InlineData("-c", "4", "-n", "400", "-d", "1000000", "-t", "set,get")]
    [InlineData("-c", "2", "-n", "8", "-d", "50000000", "-t", "set,get")]
    public async Task RedisBenchmark_RunsWithoutAnError(params string[] arguments)
    {
        string output = await RunAsync(ServerRelease.Default.Benchmark, "", ["-p", $"{_proxy.Port}", "--csv", .. arguments]);
        Assert.Contains("\"GET\"", output, StringComparison.Ordinal);
        Assert.DoesNotContain("rror", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ValueOf512MiB_PassesInLittleMemory()
    {
        const long Length = 512L * 1024 * 1024;
        long before = _proxy.Process.MemoryBytes;
        using RawClient client = await _proxy.ConnectAsync();
        client.Timeout = TimeSpan.FromMinutes(1);
        await client.SendAsync($"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n${Length}\r\n");
        byte[] piece = new byte[8 * 1024 * 1024];
        for (long sent = 0; sent < Length; sent += piece.Length)
        {
            await client.SendAsync(piece);
        }

        await client.SendAsync("\r\n");
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        await client.SendCommandAsync("GET", "big");
        Assert.Equal($"${Length}\r\n", await client.ReadUntilAsync("\r\n"));
        await DiscardAsync(client, Length + 2 - client.Pending.Length);
        Assert.InRange(_proxy.Process.MemoryBytes - before, long.MinValue, 32L * 1024 * 1024);
    }

    private static async Task DiscardAsync(RawClient client, long count)
    {
        byte[] buffer = new byte[1024 * 1024];
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (count > 0)
        {
            int received = await client.Socket.ReceiveAsync(buffer, timeout.Token);
            Assert.NotEqual(0, received);
            count -= received;
        }

        Assert.Equal(0, count);
    }

    private Task<string> CliAsync(params string[] arguments) =>
        RunAsync(ServerRelease.Default.Cli, "", ["-p", $"{_proxy.Port}", .. arguments]);

    private static async Task<string> RunAsync(string program, string input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
            Task<string> output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), timeout.Token);
            process.StandardInput.Close();
            string text = await output;
            await process.WaitForExitAsync(timeout.Token);
            Assert.Equal(0, process.ExitCode);
            return text;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
