using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.SentinelFacade;
using RedisProxy.Testing;
using RedisProxy.Tests.Configuration;
using RedisProxy.Tests.Topology;

using Eventually = RedisProxy.Testing.Eventually;

namespace RedisProxy.Tests.SentinelFacade;

/// <summary>The server with real sockets, and masters as told.</summary>
#pragma warning disable CA1001 // IAsyncLifetime disposes of them.
public sealed class FacadeServerTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const string News = "mymaster 127.0.0.1 6380 127.0.0.1 6380";
    private const int MaxConnections = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ToldSource _source = new("mymaster");
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLog _log = new();
    private readonly RunningOptions _running = new(Options(""));
    private readonly Socket _listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private FacadeServer _server = null!;

    private int Port => ((IPEndPoint)_listening.LocalEndPoint!).Port;

    public ValueTask InitializeAsync()
    {
        _listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listening.Listen();
        _server = new FacadeServer(_running, () => [_source], _time, "1.2.3", _log);
        _server.Start([_listening], new HostEndpoint("127.0.0.1", Port), MaxConnections);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Task stopped = _server.StopAsync();
        while (!stopped.IsCompleted)
        {
            // What lingers does so by this clock.
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopped;
        _server.Dispose();
    }

    [Fact]
    public async Task Requests_InOneWrite_AreAnsweredInOrder()
    {
        using RawClient client = await RawClient.ConnectAsync(Port);
        await client.SendAsync("PING\r\nSENTINEL GET-MASTER-ADDR-BY-NAME mymaster\r\n*2\r\n$4\r\nPING\r\n$1\r\nx\r\nQUIT\r\nPING\r\n");
        const string Replies = "+PONG\r\n*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6380\r\n$1\r\nx\r\n+OK\r\n";
        Assert.Equal(new ConnectionEnd(Replies, WasReset: false), await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("*1\r\n$99999\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: example\r\n\r\n", "")]
    public async Task Nonsense_IsAnsweredAndTheConnectionClosedWithoutAReset(string input, string reply)
    {
        using RawClient client = await RawClient.ConnectAsync(Port);
        await client.SendAsync(input + new string('x', 2000));
        Assert.Equal(new ConnectionEnd(reply, WasReset: false), await client.ReadToEndAsync());
        client.Dispose();
        await CountIsAsync(0);
        Assert.Equal(1, _server.Counters.Dropped);
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreRefusedUntilOneIsGone()
    {
        RawClient[] clients = [await PingingAsync(), await PingingAsync(), await PingingAsync()];
        using RawClient refused = await RawClient.ConnectAsync(Port);
        Assert.Equal("-ERR max number of clients reached\r\n", (await refused.ReadToEndAsync()).Rest);
        Assert.Equal((1, 1), (_server.Counters.Refused, _log.CountOf(4307)));
        clients[0].Dispose();
        await CountIsAsync(2);
        using RawClient taken = await PingingAsync();
        Array.ForEach(clients, client => client.Dispose());
    }

    [Fact]
    public async Task Switch_IsToldToThoseWhoSubscribedAndInItsPlaceBetweenReplies()
    {
        using RawClient subscriber = await RawClient.ConnectAsync(Port);
        Assert.Equal(1, (await subscriber.CallAsync("SUBSCRIBE", "+switch-master")).Items[2].Number);
        using RawClient pattern = await RawClient.ConnectAsync(Port);
        await pattern.CallAsync("HELLO", "3");
        await pattern.CallAsync("PSUBSCRIBE", "*");
        using RawClient other = await PingingAsync();

        _source.Switch();
        Assert.Equal($"""*["message" "+switch-master" "{News}"]""", (await subscriber.ReadReplyAsync()).ToString());
        Assert.Equal($""">["pmessage" "*" "+switch-master" "{News}"]""", (await pattern.ReadReplyAsync()).ToString());
        Assert.Equal("PONG", (await other.CallAsync("PING")).Text);
        Assert.Equal("*[\"pong\" \"\"]", (await subscriber.CallAsync("PING")).ToString());
        await Eventually.Within(Patience, () => _log.CountOf(4303) == 1, "it is logged");
        Assert.Contains(_log.Lines, line => line.Text == "Notified 2 subscriber(s) of the facade that 'mymaster' is now another server");
    }

    [Fact]
    public async Task Subscriber_ThatDoesNotRead_IsEndedAndOthersAreNot()
    {
        using RawClient deaf = await RawClient.ConnectAsync("127.0.0.1", Port, receiveBufferBytes: 4096);
        await deaf.CallAsync("SUBSCRIBE", "+switch-master");
        using RawClient other = await PingingAsync();

        await Eventually.Within(
            Patience,
            () =>
            {
                for (int i = 0; i < 10_000; i++)
                {
                    _source.Switch();
                }

                return _server.Counters.Dropped == 1;
            },
            "it is ended");
        Assert.Equal("PONG", (await other.CallAsync("PING")).Text);
        await CountIsAsync(1);
    }

    [Fact]
    public async Task Client_ThatDoesNotReadItsReplies_IsNotReadAnyMore()
    {
        using RawClient greedy = await RawClient.ConnectAsync("127.0.0.1", Port, receiveBufferBytes: 4096);
        greedy.Timeout = TimeSpan.FromMilliseconds(200);
        byte[] requests = Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat("COMMAND\r\n", 1000)));
        await Assert.ThrowsAsync<TimeoutException>(async () =>
        {
            while (true)
            {
                await greedy.SendAsync(requests);
            }
        });
        using RawClient other = await PingingAsync();

        // All of what was sent is answered once it is read.
        greedy.Timeout = Patience;
        Assert.Equal(14, (await greedy.ReadReplyAsync()).Items.Count);
        Assert.Equal(14, (await greedy.ReadReplyAsync()).Items.Count);
    }

    [Fact]
    public async Task Stranger_WhoDoesNotAuthenticate_IsEndedInTimeAndOthersAreNot()
    {
        _running.Current = Options("'password': 'canary'");
        using RawClient stranger = await RawClient.ConnectAsync(Port);
        Assert.Equal("NOAUTH", (await stranger.CallAsync("PING")).ErrorCode);
        using RawClient known = await RawClient.ConnectAsync(Port);
        Assert.Equal("OK", (await known.CallAsync("AUTH", "canary")).Text);

        _time.Advance(TimeSpan.FromMinutes(1));
        await stranger.ReadToEndAsync();
        Assert.Equal("PONG", (await known.CallAsync("PING")).Text);
        await CountIsAsync(1);
        Assert.Equal(1, _server.Counters.Dropped);
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains("canary", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_ClosesClientsInOrder()
    {
        using RawClient client = await RawClient.ConnectAsync(Port);
        await client.CallAsync("SUBSCRIBE", "+switch-master");

        Task stopped = _server.StopAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        client.Dispose();
        await stopped.WaitAsync(Patience, TimeProvider.System);
        Assert.Equal(0, _server.Counters.Connections);
    }

    private static ProxyOptions Options(string more) => Configured.Good(Configured.Read(
        $"{{ {FacadeScene.Listener("0.0.0.0:6380")}, {Configured.Sentinel}, 'sentinelFacade': {{ {FacadeScene.Bind}"
        + $"{(more.Length > 0 ? ", " : "")}{more} }} }}"));

    private async Task<RawClient> PingingAsync()
    {
        RawClient client = await RawClient.ConnectAsync(Port);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        return client;
    }

    private Task CountIsAsync(int connections) =>
        Eventually.Within(Patience, () => _server.Counters.Connections == connections, $"{connections} connections are left");
}
