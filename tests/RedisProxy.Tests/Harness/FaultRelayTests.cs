using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

/// <summary>Each fault of the relay, seen from both of its ends.</summary>
public sealed class FaultRelayTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Long enough for a byte that can come to come.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(150);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<RawClient> _opened = [];
    private FaultRelay _relay = null!;

    public ValueTask InitializeAsync()
    {
        _listener.Start();
        _relay = FaultRelay.To(((IPEndPoint)_listener.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(client => client.Dispose());
        await _relay.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task Clear_Bytes_PassInBothDirectionsUnchanged()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        string body = string.Concat(Enumerable.Range(0, 300_000).Select(i => (char)('a' + (i % 26))));
        Task sending = client.SendAsync(body);
        Task replying = target.SendAsync(body);
        Assert.Equal(body, await target.ReadExactlyAsync(body.Length));
        Assert.Equal(body, await client.ReadExactlyAsync(body.Length));
        await Task.WhenAll(sending, replying);
        Assert.Equal(1, _relay.Connections);
    }

    [Fact]
    public async Task Clear_EndsOfStreams_PassSeparatelyAndTheConnectionIsGone()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        client.HalfClose();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await target.ReadToEndAsync(keepsOpen: true));
        await target.SendAsync("late");
        Assert.Equal("late", await client.ReadExactlyAsync(4));
        target.HalfClose();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await Eventually.Within(Patience, () => _relay.Connections == 0, "the relay has let go of it");
    }

    [Fact]
    public async Task Clear_ResetOfOneSide_ReachesTheOther()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        client.Reset();
        Assert.True((await target.ReadToEndAsync()).WasReset);
        await Eventually.Within(Patience, () => _relay.Connections == 0, "the relay has let go of it");
    }

    [Fact]
    public async Task Latency_OfReplies_DelaysThemOnly()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        var latency = TimeSpan.FromMilliseconds(300);
        _relay.Apply(new RelayConditions { Latency = latency }, RelayDirections.ToClient);
        long start = Stopwatch.GetTimestamp();
        await client.SendAsync("ask");
        await target.ReadExactlyAsync(3);
        TimeSpan there = Stopwatch.GetElapsedTime(start);
        await target.SendAsync("answer");
        long replied = Stopwatch.GetTimestamp();
        await client.ReadExactlyAsync(6);
        Assert.True(there < latency, $"the request took {there}");
        // The kernel's timer may be a tick early.
        Assert.True(Stopwatch.GetElapsedTime(replied) > latency * 0.9);
    }

    [Fact]
    public async Task Bandwidth_IsKeptTo()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Apply(new RelayConditions { BytesPerSecond = 100_000 });
        long start = Stopwatch.GetTimestamp();
        await client.SendAsync(new string('x', 50_000));
        await target.ReadExactlyAsync(50_000);
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(450), $"{Stopwatch.GetElapsedTime(start)}");
    }

    [Fact]
    public async Task ByteByByte_EachByteIsAPacket()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Apply(new RelayConditions { IsByteByByte = true });
        await client.SendAsync("12345678");
        Assert.Equal("12345678", await target.ReadExactlyAsync(8));
        Assert.Equal(8u, TcpState.Read(target.Socket).DataSegmentsReceived);
    }

    [Fact]
    public async Task DeadWire_HoldsBytesAndResetsUntilItIsHealed()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Apply(RelayConditions.Dead);
        await client.SendAsync("held");
        await target.SendAsync("too");
        await ExpectNothingAsync(client);
        await ExpectNothingAsync(target);
        _relay.Heal();
        Assert.Equal("held", await target.ReadExactlyAsync(4));
        Assert.Equal("too", await client.ReadExactlyAsync(3));
        _relay.Apply(RelayConditions.Dead);
        target.Reset();
        await ExpectNothingAsync(client);
        _relay.Heal();
        Assert.True((await client.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task Swallowed_OneDirection_LosesItsBytesAndNoOthers()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Apply(new RelayConditions { Blackhole = RelayBlackhole.Swallowed }, RelayDirections.ToClient);
        await target.SendAsync("lost");
        await client.SendAsync("request");
        Assert.Equal("request", await target.ReadExactlyAsync(7));
        await ExpectNothingAsync(client);
        _relay.Heal();
        await target.SendAsync("later");
        Assert.Equal("later", await client.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task Scope_ChoosesBetweenOldAndNewConnections()
    {
        (RawClient oldClient, RawClient oldTarget) = await ConnectAsync();
        _relay.Apply(RelayConditions.Dead, scope: RelayScope.New);
        (RawClient newClient, RawClient newTarget) = await ConnectAsync();
        await oldClient.SendAsync("old");
        await newClient.SendAsync("new");
        Assert.Equal("old", await oldTarget.ReadExactlyAsync(3));
        await ExpectNothingAsync(newTarget);
        _relay.Apply(RelayConditions.Clear, scope: RelayScope.Existing);
        Assert.Equal("new", await newTarget.ReadExactlyAsync(3));
    }

    [Fact]
    public async Task Reset_ReachesBothSides()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        await PassOneByteAsync(client, target);
        _relay.Reset();
        Assert.True((await client.ReadToEndAsync()).WasReset);
        Assert.True((await target.ReadToEndAsync()).WasReset);
    }

    [Fact]
    public async Task Close_IsAFinToBothSides()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        await PassOneByteAsync(client, target);
        _relay.Close();
        Assert.False((await client.ReadToEndAsync()).WasReset);
        Assert.False((await target.ReadToEndAsync()).WasReset);
    }

    [Theory]
    [InlineData(RelayEnd.Reset)]
    [InlineData(RelayEnd.Close)]
    public async Task CutAfter_DeliversExactlySoManyBytes(RelayEnd how)
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        await PassOneByteAsync(client, target);
        _relay.CutAfter(100_001, RelayDirections.ToClient, how);
        Task sending = target.SendAsync(new string('x', 200_000));
        ConnectionEnd end = await client.ReadToEndAsync();
        Assert.Equal(100_001, end.Rest.Length);
        Assert.Equal(how == RelayEnd.Reset, end.WasReset);
        await Task.WhenAny(sending);
        await Eventually.Within(Patience, () => _relay.Connections == 0, "the relay has let go of it");
    }

    [Fact]
    public async Task CutAfter_ForNewConnections_CutsEachOfThem()
    {
        _relay.CutAfter(3, RelayDirections.ToTarget, RelayEnd.Close, RelayScope.New);
        for (int i = 0; i < 2; i++)
        {
            (RawClient client, RawClient target) = await ConnectAsync();
            await client.SendAsync("abcdef");
            Assert.Equal("abc", (await target.ReadToEndAsync()).Rest);
        }
    }

    [Fact]
    public async Task HalfClose_EndsOneDirectionOnly()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        await PassOneByteAsync(client, target);
        _relay.HalfClose(RelayDirections.ToClient);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync(keepsOpen: true));
        await client.SendAsync("still");
        Assert.Equal("still", await target.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task CloseDelay_PassesTheEndLater()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Apply(new RelayConditions { CloseDelay = TimeSpan.FromMilliseconds(300) });
        long start = Stopwatch.GetTimestamp();
        await client.SendAsync("x");
        client.HalfClose();
        Assert.Equal("x", await target.ReadExactlyAsync(1));
        Assert.False((await target.ReadToEndAsync()).WasReset);
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(270));
    }

    [Fact]
    public async Task Refuse_ThenResume_KeepsOldConnectionsAndThePort()
    {
        (RawClient client, RawClient target) = await ConnectAsync();
        _relay.Refuse();
        SocketException e = await Assert.ThrowsAsync<SocketException>(_relay.ConnectAsync);
        Assert.Equal(SocketError.ConnectionRefused, e.SocketErrorCode);
        await PassOneByteAsync(client, target);
        _relay.Resume();
        (RawClient again, RawClient target2) = await ConnectAsync();
        await PassOneByteAsync(again, target2);
        Assert.Equal(2, _relay.Accepted);
    }

    [Fact]
    public async Task TargetThatRefuses_ResetsTheClient()
    {
        _listener.Stop();
        try
        {
            RawClient client = await _relay.ConnectAsync();
            _opened.Add(client);
            Assert.True((await client.ReadToEndAsync()).WasReset);
        }
        catch (SocketException e)
        {
            // It was quick: the client had not even looked whether it was connected.
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    private static async Task PassOneByteAsync(RawClient client, RawClient target)
    {
        await client.SendAsync("1");
        Assert.Equal("1", await target.ReadExactlyAsync(1));
    }

    private static async Task ExpectNothingAsync(RawClient client)
    {
        TimeSpan patience = client.Timeout;
        client.Timeout = Moment;
        await Assert.ThrowsAsync<TimeoutException>(() => client.ReadExactlyAsync(1));
        client.Timeout = patience;
    }

    private async Task<(RawClient Client, RawClient Target)> ConnectAsync()
    {
        Task<Socket> accepting = _listener.AcceptSocketAsync();
        RawClient client = await _relay.ConnectAsync();
        client.Timeout = Patience;
        _opened.Add(client);
        RawClient target = RawClient.OfAccepted(await accepting);
        target.Timeout = Patience;
        _opened.Add(target);
        return (client, target);
    }
}
