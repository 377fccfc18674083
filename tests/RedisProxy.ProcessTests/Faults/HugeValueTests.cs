using System.Globalization;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>The largest value that redis takes, through a proxy in front of one server, which has no replicas to copy it to.</summary>
public sealed class HugeValueTests(ITestOutputHelper output)
{
    private const int MiB = 1024 * 1024;
    private const int ValueBytes = 512 * MiB;

    [Fact]
    [Trait("Tier", "Long")]
    public async Task HalfAGibibyte_SetAndGet_StreamsThroughInLittleMemory()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        long before = proxy.Process.MemoryBytes;
        long highest = before;
        byte[] chunk = [.. Enumerable.Range(0, MiB).Select(i => (byte)('a' + (i % 26)))];
        client.Timeout = TimeSpan.FromSeconds(60);
        await client.SendAsync(string.Create(CultureInfo.InvariantCulture, $"*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n${ValueBytes}\r\n"));
        for (int sent = 0; sent < ValueBytes; sent += MiB)
        {
            await client.SendAsync(chunk);
            highest = Math.Max(highest, proxy.Process.MemoryBytes);
        }

        await client.SendAsync("\r\n");
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        Assert.Equal(ValueBytes, (await server.CallAsync("STRLEN", "huge")).Number);
        await client.SendCommandAsync("GET", "huge");
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"${ValueBytes}\r\n"), await client.ReadUntilAsync("\r\n"));
        string expected = Encoding.Latin1.GetString(chunk);
        for (int read = 0; read < ValueBytes; read += MiB)
        {
            Assert.Equal(expected, await client.ReadExactlyAsync(MiB));
            highest = Math.Max(highest, proxy.Process.MemoryBytes);
        }

        Assert.Equal("\r\n", await client.ReadExactlyAsync(2));
        output.WriteLine($"{before / MiB} MiB before, {highest / MiB} MiB at most");
        Assert.True(highest - before < 40 * MiB, $"grown from {before} to {highest} bytes");
    }
}
