using System.Globalization;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Testing;

using LoopSockets = RedisProxy.EventLoops.Sockets;

namespace RedisProxy.Tests.EventLoops;

/// <summary>When the kernel probes idle connections, as it says itself in /proc/net/tcp.</summary>
public sealed class KeepAliveTests
{
    private const int Many = 40;
    private const int Time = 60;
    private const int LocalColumn = 1;
    private const int PeerColumn = 2;
    private const int TimerColumn = 5;
    private const double TicksPerSecond = 100;
    private const string KeepAliveTimer = "02";

    private static readonly TcpSettings Settings = new(Time, 10, 3, 90_000);

    [LinuxFact]
    public async Task AcceptedSockets_AreProbedAtDifferentTimes()
    {
        await using var running = new RunningLoop();
        int listening = running.Transport.Listen(new IPEndPoint(IPAddress.Loopback, 0), Settings);
        int port = running.Transport.LocalAddress(listening)!.Port;
        List<RawClient> peers = [];
        List<LoopSocket> sockets = [];
        for (int i = 0; i < Many; i++)
        {
            peers.Add(await RawClient.ConnectAsync(port));
            int accepted = await running.AcceptAsync(listening);
            sockets.Add(await running.Loop.InvokeAsync(() => LoopSockets.Adopt(running.Loop, accepted)!));
        }

        await AssertSpreadAsync(LocalColumn, port);

        await CloseAsync(running, sockets);
        peers.ForEach(peer => peer.Dispose());
        running.Transport.Close(listening);
    }

    [LinuxFact]
    public async Task ConnectedSockets_AreProbedAtDifferentTimes()
    {
        await using var running = new RunningLoop();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(Many);
        var endpoint = (IPEndPoint)listener.LocalEndpoint;
        List<Socket> peers = [];
        List<LoopSocket> sockets = [];
        for (int i = 0; i < Many; i++)
        {
            sockets.Add(await running.Loop.InvokeAsync<LoopSocket>(() =>
            {
                Assert.True(LoopSockets.TryConnect(running.Loop, endpoint, Settings, out LoopSocket? socket, out _));
                return socket;
            }));
            peers.Add(await listener.AcceptSocketAsync());
        }

        await AssertSpreadAsync(PeerColumn, endpoint.Port);

        await CloseAsync(running, sockets);
        peers.ForEach(peer => peer.Dispose());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(60)]
    [InlineData(9 * 60 * 60)]
    public void Time_IsSpreadOverItsLaterHalf(int time)
    {
        int[] times = [.. Enumerable.Range(0, 100_000).Select(socket => TcpSettings.SpreadKeepAliveTime(time, socket))];

        Assert.Equal((time - (time / 2), time), (times.Min(), times.Max()));
    }

    [Fact]
    public void UserTimeout_OfBackends_LeavesAllProbesTheirTime()
    {
        var backend = new BackendOptions();
        Assert.True(backend.UserTimeout >= backend.KeepAlive.Time + (backend.KeepAlive.Interval * backend.KeepAlive.Retries));
    }

    private static Task<int> CloseAsync(RunningLoop running, List<LoopSocket> sockets) => running.Loop.InvokeAsync(() =>
    {
        sockets.ForEach(socket => socket.Close());
        return sockets.Count;
    });

    private static async Task AssertSpreadAsync(int column, int port)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"0100007F:{port:X4}");
        double[] untilProbed =
        [
            .. (await File.ReadAllLinesAsync("/proc/net/tcp"))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(columns => columns[column] == address)
                .Select(columns => columns[TimerColumn].Split(':'))
                .Where(timer => timer[0] == KeepAliveTimer)
                .Select(timer => int.Parse(timer[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) / TicksPerSecond),
        ];

        Assert.Equal(Many, untilProbed.Length);

        // Such a timer may be some seconds late, never early; some time has passed meanwhile.
        Assert.All(untilProbed, seconds => Assert.InRange(seconds, (Time / 2) - 10, Time + 5));
        Assert.InRange(untilProbed.Max() - untilProbed.Min(), Time / 4, Time);
        Assert.InRange(untilProbed.Select(seconds => (int)seconds / 4).Distinct().Count(), 5, Many);
    }
}
