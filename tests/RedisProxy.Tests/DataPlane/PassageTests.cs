using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Tests.EventLoops;
using RedisProxy.Tests.Sessions;

namespace RedisProxy.Tests.DataPlane;

/// <summary>How two processes meet, and how a connection gets from one to the other.</summary>
[SupportedOSPlatform("linux")]
public sealed class PassageTests
{
    private static readonly ProxyOptions Options = SessionLab.Options();

    private static string Terms => PassageTerms.Of(Options, Options.Listeners[0]);

    [PassageFact]
    public async Task Message_ArrivesWholeAndWithItsConnections()
    {
        await using RunningLoop running = new RunningLoop();
        EventLoop loop = running.Loop;
        (PassageSocket one, PassageSocket other) = await ConnectAsync(loop);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using Socket accepted = await listener.AcceptSocketAsync();
        int fd = (int)accepted.Handle;
        byte[] large = new byte[PassageSocket.MaxMessageBytes];
        Assert.True(await loop.InvokeAsync(() => one.TrySend(large, fd, fd)));
        PassedMessage? message = await await loop.InvokeAsync(() => other.ReceiveAsync().AsTask());
        Assert.Equal((large.Length, true), (message!.Bytes.Length, message.IsWhole));
        Assert.True(message.First > 0 && message.Second > 0 && message.First != message.Second);

        // Open until the last of its descriptors is closed.
        accepted.Close();
        await loop.InvokeAsync(() => CloseAll(loop, message));
        Assert.Equal(0, await client.Client.ReceiveAsync(new byte[1]));
        await loop.InvokeAsync(() => CloseAll(one, other));
    }

    [PassageFact]
    public async Task Peer_IsThisUsersProcess_AndItsEndIsNoticed()
    {
        await using RunningLoop running = new RunningLoop();
        (PassageSocket one, PassageSocket other) = await ConnectAsync(running.Loop);
        Assert.Equal((Environment.ProcessId, PassageSocket.OwnUser), one.Peer);
        Assert.Equal((Environment.ProcessId, PassageSocket.OwnUser), other.Peer);
        Assert.True(await running.Loop.InvokeAsync(() => one.TrySend([1, 2])));
        await running.Loop.InvokeAsync(() => CloseAll(one));
        PassedMessage? last = await await running.Loop.InvokeAsync(() => other.ReceiveAsync().AsTask());
        Assert.Equal([1, 2], last!.Bytes.ToArray());
        Assert.Null(await await running.Loop.InvokeAsync(() => other.ReceiveAsync().AsTask()));
        Assert.False(await running.Loop.InvokeAsync(() => other.TrySend([1])));
        await running.Loop.InvokeAsync(() => CloseAll(other));
    }

    [PassageFact]
    public async Task MeetingPoint_IsOneProcesssAtATime()
    {
        await using RunningLoop running = new RunningLoop();
        string name = $"redisproxy-test/{Guid.NewGuid()}";
        Assert.Null(await running.Loop.InvokeAsync(() => PassageSocket.TryConnect(running.Loop, name)));
        int fd = PassageSocket.Listen(name);
        Assert.Equal(-Errno.AddressInUse, PassageSocket.Listen(name));
        await running.Loop.InvokeAsync(() => CloseAll(running.Loop, new PassedMessage(default, fd, PassedMessage.None, IsWhole: true)));
        fd = PassageSocket.Listen(name);
        Assert.True(fd > 0);
        await running.Loop.InvokeAsync(() => CloseAll(running.Loop, new PassedMessage(default, fd, PassedMessage.None, IsWhole: true)));
    }

    [Fact]
    public void MeetingPoint_IsNamedAfterUserAndAddress()
    {
        BindAddress tcp = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 6380));
        BindAddress other = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 6381));
        Assert.Equal(PassageTerms.NameOf(1000, tcp), PassageTerms.NameOf(1000, tcp));
        Assert.NotEqual(PassageTerms.NameOf(1000, tcp), PassageTerms.NameOf(1001, tcp));
        Assert.NotEqual(PassageTerms.NameOf(1000, tcp), PassageTerms.NameOf(1000, other));
        Assert.True(BindAddress.TryParse($"unix:/{new string('a', 100)}", out BindAddress? path));
        Assert.InRange(PassageTerms.NameOf(uint.MaxValue, path).Length, 1, 107);
    }

    [Fact]
    public void Process_ThatServesOtherwiseOrSpeaksAnotherVersion_GetsNothing()
    {
        byte[] message = PassageTerms.Write(Terms);
        Assert.Null(PassageTerms.ObjectionTo(message, Terms));
        ListenerOptions listener = Options.Listeners[0];
        foreach (ListenerOptions other in (ListenerOptions[])
            [
                listener with { Master = "another" }, listener with { Role = ListenerRole.Replica },
                listener with { Multiplex = new MultiplexOptions { Links = 1 } },
                listener with { Durable = new DurableOptions { Replicas = 1 } },
                listener with { Users = [new UserOptions { Password = "secret" }] },
                listener with { BackendUser = new UserOptions { Username = "proxied", Password = "secret" } },
            ])
        {
            string terms = PassageTerms.Of(Options, other);
            Assert.Equal("its listener is configured otherwise", PassageTerms.ObjectionTo(message, terms));
            Assert.DoesNotContain("secret", terms, StringComparison.Ordinal);
        }

        // Whatever else is in the file, such as limits and timeouts, is the new process's.
        Assert.Null(PassageTerms.ObjectionTo(message, PassageTerms.Of(Options, listener with { Name = "other", MaxSessions = 1 })));
        Assert.Equal("it is of another version", PassageTerms.ObjectionTo(Encoding.ASCII.GetBytes("RedisProxy sessions 9"), Terms));
        Assert.Equal("it is of another version", PassageTerms.ObjectionTo([], Terms));
    }

    // They are told apart by their order alone, so none may be missing between two others.
    [PassageFact]
    public async Task Verdicts_ThatNobodyReads_EndThePassageBeforeOneIsLost()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ServeFirstAsync();
        await using RunningLoop running = new RunningLoop();
        string name = $"redisproxy-test/{Guid.NewGuid()}";
        int fd = PassageSocket.Listen(name);
        var context = new PassageContext("lab", [lab.Listener], static () => Terms, TimeProvider.System, NullLogger.Instance);
        var taker = new SessionTaker(context) { OnTaken = static _ => { } };
        Task taking = await lab.Loop.InvokeAsync(() => taker.RunAsync(name, static () => { }));
        int accepted = await running.AcceptAsync(fd);
        PassageSocket giver = (await running.Loop.InvokeAsync(() => PassageSocket.Adopt(running.Loop, accepted)))!;
        Assert.NotNull(await await running.Loop.InvokeAsync(() => giver.ReceiveAsync().AsTask()));
        Assert.True(await running.Loop.InvokeAsync(() => giver.TrySend([(byte)Adoption.Adopted])));
        const int Many = 2000;
        int sent = 0;
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            () => running.Loop.InvokeAsync(() =>
            {
                while (sent < Many && giver.TrySend([0]))
                {
                    sent++;
                }

                return sent == Many || giver.IsPeerClosed;
            }),
            "all are sent, or it is over");
        int verdicts = 0;
        while (await (await running.Loop.InvokeAsync(() => giver.ReceiveAsync().AsTask()))
            .WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System) is not null)
        {
            verdicts++;
        }

        Assert.InRange(verdicts, 0, sent);
        await taking.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        await running.Loop.InvokeAsync(() => CloseAll(giver));
        await running.Loop.InvokeAsync(() => CloseAll(running.Loop, new PassedMessage(default, fd, PassedMessage.None, IsWhole: true)));
    }

    // It may be killed still if it hangs, and they would end with it.
    [PassageFact]
    public Task Process_ThatIsNotReadyYet_GetsNoSession() => AskAsync(async (lab, giver, release, answer) =>
    {
        Assert.False(answer.IsCompleted);

        // A process that stops meanwhile still waits for the sessions to go.
        Assert.True(await lab.Loop.InvokeAsync(() => giver.IsBusy));
        release();
        Assert.Equal((byte)Adoption.Adopted, (await answer.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System))!.Bytes.Span[0]);
    });

    [PassageFact]
    public Task Process_ThatGivesNoMore_WaitsForNoneToBeReady() => AskAsync(async (lab, giver, _, answer) =>
    {
        await lab.OnLoopAsync(giver.Close);
        Assert.Null(await answer.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
    });

    /// <summary>A process asks for the sessions while they are kept.</summary>
    private static async Task AskAsync(Func<SessionLab, SessionGiver, Action, Task<PassedMessage?>, Task> test)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ServeFirstAsync();
        await using RunningLoop running = new RunningLoop();
        string name = $"redisproxy-test/{Guid.NewGuid()}";
        var context = new PassageContext("lab", [lab.Listener], static () => Terms, TimeProvider.System, NullLogger.Instance);
        bool areKept = true;
        int looks = 0;
        var giver = new SessionGiver(context, () =>
        {
            Interlocked.Increment(ref looks);
            return Volatile.Read(ref areKept);
        });
        await await lab.Loop.InvokeAsync(() => giver.OpenAsync(name));
        PassageSocket taker = (await running.Loop.InvokeAsync(() => PassageSocket.TryConnect(running.Loop, name)))!;
        Assert.True(await running.Loop.InvokeAsync(() => taker.TrySend(PassageTerms.Write(Terms))));
        Task<PassedMessage?> answer = await running.Loop.InvokeAsync(() => taker.ReceiveAsync().AsTask());
        await Eventually.Within(TimeSpan.FromSeconds(10), () => Volatile.Read(ref looks) > 3, "it waits");
        await test(lab, giver, () => Volatile.Write(ref areKept, false), answer);
        await running.Loop.InvokeAsync(() => CloseAll(taker));
        await Eventually.Within(TimeSpan.FromSeconds(10), () => lab.Loop.InvokeAsync(() => !giver.IsServing), "it has left");
        await lab.OnLoopAsync(giver.Close);
    }

    private static async Task<(PassageSocket One, PassageSocket Other)> ConnectAsync(EventLoop loop)
    {
        string name = $"redisproxy-test/{Guid.NewGuid()}";
        int fd = PassageSocket.Listen(name);
        return await loop.InvokeAsync(() =>
        {
            PassageSocket one = PassageSocket.TryConnect(loop, name)!;
            PassageSocket other = PassageSocket.Adopt(loop, loop.Kernel.Accept(fd))!;
            loop.Kernel.Close(fd);
            return (one, other);
        });
    }

    private static bool CloseAll(params PassageSocket[] sockets)
    {
        Array.ForEach(sockets, static socket => socket.Close());
        return true;
    }

    private static bool CloseAll(EventLoop loop, PassedMessage message)
    {
        message.Close(loop.Kernel);
        return true;
    }
}
