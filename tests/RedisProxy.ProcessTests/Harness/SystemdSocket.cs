using System.Net.Sockets;
using System.Text;

namespace RedisProxy.ProcessTests.Harness;

/// <summary>systemd's side of sd_notify(3): the socket that a service is given as <c>NOTIFY_SOCKET</c>.</summary>
internal sealed class SystemdSocket : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <param name="path">A file that is not there yet.</param>
    public SystemdSocket(string path) => _socket.Bind(new UnixDomainSocketEndPoint(path));

    /// <summary>Everything received so far, in order.</summary>
    public List<string> Received { get; } = [];

    /// <summary>The next notification in which a line begins with this.</summary>
    public async Task<string> ReceiveAsync(string what)
    {
        byte[] buffer = new byte[4096];
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            int length = await _socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
            string state = Encoding.UTF8.GetString(buffer, 0, length);
            Received.Add(state);
            if (state.Split('\n').Any(line => line.StartsWith(what, StringComparison.Ordinal)))
            {
                return state;
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
