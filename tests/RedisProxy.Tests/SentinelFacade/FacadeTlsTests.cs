using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.SentinelFacade;
using RedisProxy.Testing;
using RedisProxy.Tests.Configuration;
using RedisProxy.Tests.Topology;
using RedisProxy.Transport;

using Eventually = RedisProxy.Testing.Eventually;

namespace RedisProxy.Tests.SentinelFacade;

/// <summary>The facade over TLS.</summary>
public sealed class FacadeTlsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Client_WithTls_IsAnsweredAndToldAndOneWithoutIsDropped()
    {
        using var authority = new TestAuthority();
        IssuedCertificate own = authority.Issue("facade", "facade.test");
        ProxyOptions options = Configured.Good(Configured.Read(
            $"{{ {FacadeScene.Listener("0.0.0.0:6380")}, {Configured.Sentinel}, 'sentinelFacade': {{ {FacadeScene.Bind}, "
            + $"'tls': {{ 'certificateFile': '{own.CertificateFile}', 'keyFile': '{own.KeyFile}' }} }} }}"));
        var source = new ToldSource("mymaster");
        var log = new RecordingLog();
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        int port = ((IPEndPoint)listening.LocalEndPoint!).Port;
        using var setup = new TlsSetup(options);
        using var server = new FacadeServer(new RunningOptions(options), () => [source], TimeProvider.System, "1.2.3", log)
        {
            Tls = setup.Facade,
        };
        server.Start([listening], new HostEndpoint("127.0.0.1", port), maxConnections: 3);

        // 1. Requests over TLS.
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var secured = new SslStream(socket.GetStream());
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "facade.test",
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == own.Thumbprint,
        });
        await secured.WriteAsync("PING\r\nSENTINEL GET-MASTER-ADDR-BY-NAME mymaster\r\n"u8.ToArray());
        Assert.Equal("+PONG\r\n*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6380\r\n", await ReadAsync(secured, 36));

        // 2. The end is told in order.
        await secured.WriteAsync("QUIT\r\n"u8.ToArray());
        Assert.Equal("+OK\r\n", await ReadAsync(secured, 5));
        Assert.Equal(0, await secured.ReadAsync(new byte[1]));

        // 3. Plain text is no handshake.
        using RawClient plain = await RawClient.ConnectAsync(port);
        await plain.SendAsync("PING\r\n");
        Assert.DoesNotContain("PONG", (await plain.ReadToEndAsync()).ToString(), StringComparison.Ordinal);
        await Eventually.Within(
            Patience, () => log.Lines.Any(line => line.Text.Contains("TLS: ", StringComparison.Ordinal)), "the log says why");
        await server.StopAsync();
    }

    private static async Task<string> ReadAsync(Stream stream, int length)
    {
        byte[] bytes = new byte[length];
        using var deadline = new CancellationTokenSource(Patience);
        await stream.ReadExactlyAsync(bytes, deadline.Token);
        return Encoding.ASCII.GetString(bytes);
    }
}
