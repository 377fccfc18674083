using System.Globalization;
using System.Net;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.HandoffScene;
using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>What clients are told when their sessions are about to end, and how long those stay.</summary>
public sealed class HandoffMoveTests
{
    private const long Window = 600_000;

    private static readonly HandoffMove Here = new(HoldEnd: 70, Number: 71, Address: null);

    private static readonly IPEndPoint Local = new(IPAddress.Parse("10.0.0.1"), 6380);

    [Fact]
    public async Task Client_IsToldToComeBackAndServedUntilItLeaves()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        Assert.False((await lab.StopGraduallyAsync(Window, Here)).Single());
        await client.ExpectAsync(Moving(client, seconds: 600));
        await (client, backend).ExpectNothingAsync();
        client.HalfClose();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await lab.WaitUntilDrainedAsync();
        Assert.Equal(1, lab.Counters.Ended[(int)EndCause.ClientClosed]);
        Assert.Equal(1, lab.Counters.Handoffs[(int)HandoffEvent.Moving]);
    }

    [Fact]
    public async Task ClientThatStays_EndsAfterItsTime()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, _) = await ConnectTakingPartAsync(lab);
        await lab.StopGraduallyAsync(spreadMs: 200, Here);
        Assert.Equal(new ConnectionEnd(Moving(client, seconds: 1), WasReset: false), await client.ReadToEndAsync());
        await lab.WaitUntilDrainedAsync();
        Assert.Equal(1, lab.Counters.Ended[(int)EndCause.Shutdown]);
    }

    [Fact]
    public async Task SecondDrain_TellsNobodyAgain()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await lab.StopGraduallyAsync(Window, Here);
        await lab.StopGraduallyAsync(spreadMs: 0, Here with { Number = 72 });
        await client.ExpectAsync(Moving(client, seconds: 600));
        await (client, backend).ExpectNothingAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhoDidNotAsk_EndsAtOnce(bool isMove)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        if (!isMove)
        {
            // Nobody is there to move to.
            await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
            await client.SendAsync(Ask);
            await client.ExpectAsync(Ok);
        }

        await lab.StopGraduallyAsync(spreadMs: 0, isMove ? Here : null);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task MoveInAHold_IsPrecededByItsEnd()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, _) = await ConnectTakingPartAsync(lab);
        string opener = await BeginHoldAsync(lab);
        await lab.StopGraduallyAsync(Window, Here);
        await client.ExpectAsync(opener + ">3\r\n$11\r\nFAILED_OVER\r\n:70\r\n$1\r\n1\r\n" + Moving(client, seconds: 600));
        await EndHoldAsync(lab);
        await BeginHoldAsync(lab);
        await client.SendAsync(Ask);
        await client.ExpectAsync(Ok);
    }

    [Theory]
    [InlineData("10.0.0.1:6380", HandoffWish.Address, null)]
    [InlineData(null, HandoffWish.Name, null)]
    [InlineData("_", HandoffWish.Nothing, null)]
    [InlineData("redis.example:6379", HandoffWish.Address, "redis.example:6379")]
    [InlineData("redis.example:6379", HandoffWish.Name, "redis.example:6379")]
    [InlineData("_", HandoffWish.Nothing, "redis.example:6379")]
    internal void Address_IsAsTheClientCanUseIt(string? expected, HandoffWish wish, string? configured)
    {
        var move = new HandoffMove(1, 2, configured is null ? null : HostEndpoint.TryParse(configured, out HostEndpoint? to) ? to : null);
        string? last = move.PushFor(wish, Local, 1500) is { } push
            ? Encoding.ASCII.GetString(push.Text).Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[^1]
            : null;
        Assert.Equal(expected, last);
    }

    [Fact]
    public void AddressOfAnotherKind_IsNotTold()
    {
        Assert.Null(Here.PushFor(HandoffWish.Address, new IPEndPoint(IPAddress.IPv6Loopback, 6380), Window));
        Assert.Null(Here.PushFor(HandoffWish.Address, local: null, Window));
        IPEndPoint mapped = new(Local.Address.MapToIPv6(), 6380);
        Assert.Contains("10.0.0.1:6380", Encoding.ASCII.GetString(Here.PushFor(HandoffWish.Address, mapped, Window)!.Value.Text));
    }

    [Theory]
    [InlineData(false, false, null, false)]
    [InlineData(true, false, null, false)]
    [InlineData(true, true, null, true)]
    [InlineData(true, false, "10.0.0.2:6380", true)]
    [InlineData(false, true, "10.0.0.2:6380", false)]
    public void Move_NeedsSomewhereToGo(bool handoffs, bool isSucceeded, string? address, bool expected)
    {
        ListenerOptions listener = SessionLab.Options().Listeners[0] with
        {
            Handoffs = handoffs,
            HandoffAddress = address is null ? null : HostEndpoint.TryParse(address, out HostEndpoint? to) ? to : null,
        };
        var numbers = new HandoffNumbers(TimeProvider.System);
        var move = HandoffMove.Of(listener, isSucceeded, numbers);
        Assert.Equal(expected, move is not null);
        Assert.True(move is null || (move.HoldEnd < move.Number && move.Address == listener.HandoffAddress));

        // The clients of a load balancer are connected to its address.
        listener = listener with { ProxyProtocol = [IPNetwork.Parse("10.0.0.0/8")] };
        Assert.Equal(move is { Address: not null }, HandoffMove.Of(listener, isSucceeded, numbers) is not null);
    }

    private static string Moving(RawClient client, int seconds)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)client.Socket.RemoteEndPoint!).Port}");
        return string.Create(
            CultureInfo.InvariantCulture, $">4\r\n$6\r\nMOVING\r\n:71\r\n:{seconds}\r\n${address.Length}\r\n{address}\r\n");
    }
}
