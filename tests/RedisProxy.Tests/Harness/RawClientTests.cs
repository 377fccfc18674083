using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

public sealed class RawClientTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RawClientTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("+OK\r\n", "+OK")]
    [InlineData("-ERR no\r\n", "-ERR no")]
    [InlineData(":-7\r\n", ":-7")]
    [InlineData("$3\r\na\r\n\r\n", "\"a\r\n\"")]
    [InlineData("$0\r\n\r\n", "\"\"")]
    [InlineData("$-1\r\n", "null")]
    [InlineData("*-1\r\n", "null")]
    [InlineData("_\r\n", "null")]
    [InlineData("*0\r\n", "*[]")]
    [InlineData("*2\r\n*1\r\n:1\r\n$1\r\nx\r\n", "*[*[:1] \"x\"]")]
    [InlineData("%1\r\n+a\r\n#t\r\n", "%[+a #t]")]
    [InlineData("~1\r\n,1.5\r\n", "~[,1.5]")]
    [InlineData(">2\r\n+message\r\n=7\r\ntxt:abc\r\n", ">[+message =txt:abc]")]
    [InlineData("!5\r\nERR x\r\n", "!ERR x")]
    [InlineData("(123456789012345678901234567890\r\n", "(123456789012345678901234567890")]
    public async Task ReadReply_ByteByByte_GivesTheSameReplyAndItsBytes(string wire, string expected)
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (client)
        {
            using (peer)
            {
                Task<RawReply> reading = client.ReadReplyAsync();
                foreach (byte b in Encoding.Latin1.GetBytes(wire))
                {
                    await peer.SendAsync(new[] { b });
                    await Task.Yield();
                }

                RawReply reply = await reading;

                Assert.Equal(expected, reply.ToString());
                Assert.Equal(wire, Encoding.Latin1.GetString(reply.Wire.Span));
                Assert.Equal("", client.Pending);
            }
        }
    }

    [Fact]
    public async Task ReadReply_OfMoreThanItsBuffer_IsWhole()
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (client)
        {
            using (peer)
            {
                string body = new('x', 1_000_000);
                Task sending = Task.Run(() => peer.SendAsync(Encoding.Latin1.GetBytes($"${body.Length}\r\n{body}\r\n+next\r\n")));

                Assert.Equal(body, (await client.ReadReplyAsync()).Text);
                Assert.Equal("+next\r\n", await client.ReadUntilAsync("\r\n"));
                await sending;
            }
        }
    }

    [Fact]
    public async Task HalfClose_ThenRead_StillGivesWhatThePeerSends()
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (client)
        {
            using (peer)
            {
                client.HalfClose();
                Assert.Equal(0, await peer.ReceiveAsync(new byte[1]));
                await peer.SendAsync("late"u8.ToArray());
                peer.Shutdown(SocketShutdown.Both);

                Assert.Equal(new ConnectionEnd("late", WasReset: false), await client.ReadToEndAsync());
            }
        }
    }

    [Fact]
    public async Task ReadToEnd_AfterAReset_SaysSo()
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (client)
        {
            peer.LingerState = new LingerOption(true, 0);
            peer.Dispose();

            Assert.True((await client.ReadToEndAsync()).WasReset);
        }
    }

    [Fact]
    public async Task Reset_IsSeenByThePeer()
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (peer)
        {
            client.Reset();

            SocketException e = await Assert.ThrowsAsync<SocketException>(() => peer.ReceiveAsync(new byte[1]));
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    [Fact]
    public async Task ReadReply_ThatDoesNotCome_SaysWhatCame()
    {
        (RawClient client, Socket peer) = await ConnectAsync();
        using (client)
        {
            using (peer)
            {
                client.Timeout = TimeSpan.FromMilliseconds(100);
                await peer.SendAsync("$5\r\nab"u8.ToArray());

                TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(client.ReadReplyAsync);
                Assert.Contains("ab", e.Message, StringComparison.Ordinal);
            }
        }
    }

    private async Task<(RawClient Client, Socket Peer)> ConnectAsync()
    {
        Task<Socket> accepting = _listener.AcceptSocketAsync();
        RawClient client = await RawClient.ConnectAsync(((IPEndPoint)_listener.LocalEndpoint).Port);
        return (client, await accepting);
    }
}
