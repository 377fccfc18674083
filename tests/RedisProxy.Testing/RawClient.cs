using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RedisProxy.Testing;

/// <summary>
/// A socket that sends exactly the bytes it is given, closes in every possible way, and reads as much as requested. One user at a
/// time. Strings are Latin-1. Every wait ends after <see cref="Timeout"/>.
/// </summary>
public sealed class RawClient : IDisposable
{
    private const int MaxShown = 300;

    private readonly Socket _socket;
    private readonly SslStream? _secured;
    private readonly RawReplyReader _reader;

    private RawClient(Socket socket, SslStream? secured = null)
    {
        _socket = socket;
        _secured = secured;
        _reader = new RawReplyReader(
            secured is null ? (room, token) => socket.ReceiveAsync(room, SocketFlags.None, token) : secured.ReadAsync);
    }

    /// <summary>For each wait. Generous, because test machines are slow at times; a test that measures time does so itself.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For features without a method here: buffer sizes, local port.</summary>
    public Socket Socket => _socket;

    /// <summary>Bytes received but not read yet by any method.</summary>
    public string Pending => Encoding.Latin1.GetString(_reader.Pending);

    // Megabytes in a message are no help.
    private string PendingTail => Pending.Length <= MaxShown ? Pending : $"… {Pending[^MaxShown..]} ({Pending.Length} bytes)";

    public static Task<RawClient> ConnectAsync(int port) => ConnectAsync("127.0.0.1", port);

    public static async Task<RawClient> ConnectAsync(string host, int port, int? receiveBufferBytes = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBufferBytes is { } bytes)
            {
                // Before connecting, because it determines the advertised window.
                socket.ReceiveBufferSize = bytes;
            }

            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
            await socket.ConnectAsync(host, port, timeout.Token);
            return new RawClient(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>With TLS. Any failure is an <see cref="IOException"/> or an <see cref="AuthenticationException"/>.</summary>
    /// <param name="host">Its address.</param>
    /// <param name="port">Its port.</param>
    /// <param name="authorityFile">The authority to trust.</param>
    /// <param name="name">The name that its certificate must contain.</param>
    /// <param name="own">Presented on request.</param>
    public static async Task<RawClient> ConnectTlsAsync(
        string host, int port, string authorityFile, string name, IssuedCertificate? own = null)
    {
        RawClient plain = await ConnectAsync(host, port);
        var secured = new SslStream(new NetworkStream(plain.Socket, ownsSocket: false));
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
            await secured.AuthenticateAsClientAsync(OptionsOf(authorityFile, name, own), timeout.Token);
            return new RawClient(plain.Socket, secured);
        }
        catch
        {
            await secured.DisposeAsync();
            plain.Dispose();
            throw;
        }
    }

    /// <summary>With TLS: thumbprint of the peer's certificate.</summary>
    public string? PeerThumbprint => (_secured?.RemoteCertificate as X509Certificate2)?.Thumbprint;

    /// <summary>The other end: a connection accepted by the test's own listening socket. Takes ownership of the socket.</summary>
    public static RawClient OfAccepted(Socket socket) => new(socket);

    public static byte[] Command(params string[] words)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (string word in words)
        {
            text.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ReadOnlyMemory<byte> rest = bytes;
            int sent = await WithinTimeoutAsync(token => SendSomeAsync(rest, token), "the peer takes what is sent");
            bytes = bytes[sent..];
        }
    }

    /// <summary>Sends as much as the peer takes: it may end the connection at any moment.</summary>
    public async Task TrySendAsync(string text)
    {
        try
        {
            await SendAsync(text);
        }
        catch (IOException)
        {
        }
        catch (SocketException)
        {
        }
    }

    /// <summary>As an array of bulks.</summary>
    /// <summary>Sends commands in one piece, each written as its words with a blank between them.</summary>
    public Task SendCommandsAsync(params IEnumerable<string> commands) =>
        SendAsync(commands.SelectMany(static command => Command(command.Split(' '))).ToArray());

    public Task SendCommandAsync(params string[] words) => SendAsync(Command(words));

    /// <summary>Sends a command and reads one reply.</summary>
    public async Task<RawReply> CallAsync(params string[] words)
    {
        await SendCommandAsync(words);
        return await ReadReplyAsync();
    }

    public async Task<RawReply> ReadReplyAsync() => await WithinTimeoutAsync(_reader.ReadReplyAsync, "a whole reply");

    public async Task<string> ReadExactlyAsync(int count)
    {
        while (_reader.Pending.Length < count)
        {
            await FillAsync($"{count} bytes");
        }

        return Take(count);
    }

    /// <summary>All bytes up to and including <paramref name="end"/>.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        int found;
        while ((found = Pending.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            await FillAsync($"'{end}'");
        }

        return Take(found + end.Length);
    }

    /// <summary>Reads until the peer ends the connection, closes our side too, as clients do, and returns how it ended.</summary>
    /// <param name="keepsOpen">True: our side stays open, and can still send.</param>
    public async Task<ConnectionEnd> ReadToEndAsync(bool keepsOpen = false)
    {
        bool wasReset = false;
        try
        {
            while (await WithinTimeoutAsync(_reader.FillAsync, "the end of the connection"))
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset)
        {
            wasReset = true;
        }

        if (!keepsOpen)
        {
            HalfClose();
        }

        return new ConnectionEnd(Take(_reader.Pending.Length), wasReset);
    }

    /// <summary>FIN: nothing more will be sent; replies can still be read.</summary>
    public void HalfClose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.NotConnected)
        {
            // The peer has reset it.
        }
    }

    /// <summary>With TLS: the same by close_notify, without FIN.</summary>
    public Task NotifyCloseAsync() => _secured!.ShutdownAsync();

    /// <summary>RST.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose()
    {
        _secured?.Dispose();
        _socket.Dispose();
    }

    private static SslClientAuthenticationOptions OptionsOf(string authorityFile, string name, IssuedCertificate? own)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        X509Certificate2? certificate = own is null ? null : X509Certificate2.CreateFromPemFile(own.CertificateFile, own.KeyFile);
        return new SslClientAuthenticationOptions
        {
            TargetHost = name,
            CertificateChainPolicy = policy,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, [], offline: true),
        };
    }

    private async ValueTask<int> SendSomeAsync(ReadOnlyMemory<byte> bytes, CancellationToken token)
    {
        if (_secured is null)
        {
            return await _socket.SendAsync(bytes, SocketFlags.None, token);
        }

        await _secured.WriteAsync(bytes, token);
        return bytes.Length;
    }

    private string Take(int count)
    {
        string text = Encoding.Latin1.GetString(_reader.Pending[..count]);
        _reader.Take(count);
        return text;
    }

    private async Task FillAsync(string what)
    {
        if (!await WithinTimeoutAsync(_reader.FillAsync, what))
        {
            throw new EndOfStreamException($"The peer closed the connection before {what} came. What came: '{PendingTail}'.");
        }
    }

    private async ValueTask<T> WithinTimeoutAsync<T>(Func<CancellationToken, ValueTask<T>> action, string what)
    {
        using var timeout = new CancellationTokenSource(Timeout, TimeProvider.System);
        try
        {
            return await action(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Not within {Timeout.TotalSeconds:0.##} s: {what}. What came: '{PendingTail}'.");
        }
    }
}

/// <param name="Rest">Received before the end and not read yet.</param>
/// <param name="WasReset">RST; otherwise FIN.</param>
public readonly record struct ConnectionEnd(string Rest, bool WasReset);
