using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>A plain connection to a server, which is asked and answers, one after the other.</summary>
internal sealed class FuzzConnection : IDisposable
{
    private const int TimeoutMs = 10_000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true, ReceiveTimeout = TimeoutMs, SendTimeout = TimeoutMs,
    };

    private readonly byte[] _room = new byte[64 * 1024];

    public FuzzConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    public Frames Frames { get; } = new();

    public bool IsEnded { get; private set; }

    public void Send(byte[] bytes)
    {
        try
        {
            _socket.Send(bytes);
        }
        catch (SocketException)
        {
            IsEnded = true;
        }
    }

    /// <summary>Waits until it has as many replies in all, or is at its end.</summary>
    public void ReceiveUntil(int replies)
    {
        while (!IsEnded && Frames.Replies.Count < replies)
        {
            ReceiveOnce();
        }
    }

    /// <summary>Takes what is here, and waits for nothing.</summary>
    public void ReceiveAvailable()
    {
        while (!IsEnded && _socket.Poll(0, SelectMode.SelectRead))
        {
            ReceiveOnce();
        }
    }

    /// <summary>Errors are replies too.</summary>
    public string Ask(params string[] words)
    {
        int before = Frames.Replies.Count;
        Send(FuzzRequest.Of(words).Bytes);
        ReceiveUntil(before + 1);
        return Frames.Replies[^1];
    }

    public string Call(params string[] words)
    {
        string reply = Ask(words);
        return reply[0] == '-'
            ? throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', words)}: {reply}"))
            : reply;
    }

    public void Dispose() => _socket.Dispose();

    public void ReceiveOnce()
    {
        try
        {
            int received = _socket.Receive(_room);
            Frames.Add(_room.AsSpan(0, received));
            IsEnded = received == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            IsEnded = true;
        }
    }
}
