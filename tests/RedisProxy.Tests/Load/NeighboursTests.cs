using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;
using RedisProxy.Load.Sharing;

namespace RedisProxy.Tests.Load;

public sealed class NeighboursTests
{
    private static readonly Neighbour Reading = new("reading", "one that reads", "ask\r\n"u8.ToArray(), 14, IsReading: true);

    [Fact]
    public void Neighbours_KnowHowLongTheirRepliesAre()
    {
        Assert.Equal("$67108864\r\n".Length + 67_108_864 + 2, Neighbour.All[0].ReplyBytes);
        Assert.Equal(100_000 * ("$100\r\n".Length + 100 + 2), Neighbour.All[2].ReplyBytes);
        Assert.StartsWith("*2\r\n$3\r\nGET\r\n", Encoding.ASCII.GetString(Neighbour.All[2].Requests), StringComparison.Ordinal);
        Assert.Equal(100_000, Neighbour.All[2].Requests.Count(static one => one == '*'));
    }

    [Fact]
    public async Task WorkBeside_BeginsWithAReplyAndEndsWithAWholeOne()
    {
        using TcpListener listener = Listen();
        using NeighbourClient client = await ConnectAsync(listener);
        using Socket server = await listener.AcceptSocketAsync();
        var isLoaded = new TaskCompletionSource();
        bool hasBegun = false;

        Task<int> work = client.WorkBesideAsync(async () =>
        {
            hasBegun = true;
            await isLoaded.Task;
            return 7;
        });
        await ReceiveAsync(server, Reading.Requests.Length);
        Assert.False(hasBegun);

        await server.SendAsync("$8\r\n1234"u8.ToArray());
        isLoaded.SetResult();
        Task serving = FinishAsync(server);

        Assert.Equal(7, await work.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(hasBegun);
        client.Dispose();
        await serving.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, server.Available);
    }

    [Theory]
    [InlineData("-ERR no\r\n")]
    [InlineData("")]
    public async Task WorkBeside_RefusedOrClosed_Fails(string reply)
    {
        using TcpListener listener = Listen();
        using NeighbourClient client = await ConnectAsync(listener);
        using Socket server = await listener.AcceptSocketAsync();

        Task<int> work = client.WorkBesideAsync(() => Task.FromResult(7));
        await ReceiveAsync(server, Reading.Requests.Length);
        await server.SendAsync(Encoding.ASCII.GetBytes(reply));
        server.Shutdown(SocketShutdown.Send);

        await Assert.ThrowsAsync<InvalidOperationException>(() => work.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Bars_AreOfTheRatioToBeingAloneAndAimAtThatOfOneConnectionEach()
    {
        Rounds<Run> rounds = await Rounds<Run>.RunAsync(
            "test",
            2,
            ["shared, alone", "shared, unread", "shared, large", "shared, deep", "proxy, alone", "proxy, large"],
            key => Task.FromResult(new Run(1, 1, key.EndsWith("alone", StringComparison.Ordinal) ? 1 : key.StartsWith('p') ? 5 : 3, 1)),
            run => "");

        IReadOnlyList<Bar> bars = Neighbours.Bars(rounds);

        Assert.Equal([3, 3, 3], bars.Select(bar => bar.Figure!.Value));
        Assert.All(bars, bar => Assert.False(bar.IsPassed));
        Assert.Equal([null, 0.6, null], bars.Select(bar => bar.AimFigure));
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static Task<NeighbourClient> ConnectAsync(TcpListener listener) =>
        NeighbourClient.ConnectAsync(((IPEndPoint)listener.LocalEndpoint).Port, Reading);

    // The rest of the first reply, and whole ones for whatever is asked before the client notices the end of the load.
    private static async Task FinishAsync(Socket server)
    {
        byte[] request = new byte[Reading.Requests.Length];
        await server.SendAsync("5678\r\n"u8.ToArray());
        while (await server.ReceiveAsync(request) > 0)
        {
            await server.SendAsync("$8\r\n12345678\r\n"u8.ToArray());
        }
    }

    private static async Task ReceiveAsync(Socket server, int bytes)
    {
        byte[] buffer = new byte[bytes];
        for (int count = 0; count < bytes;)
        {
            count += await server.ReceiveAsync(buffer.AsMemory(count));
        }
    }
}
