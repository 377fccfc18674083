using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

using RedisProxy.Transport;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// One client's socket: receives, lets the dialogue answer, sends. The next request is read when the reply to the last one has been
/// sent, so a client that does not read delays only itself; a subscriber with too large a backlog is disconnected. Ordinary async code
/// on the thread pool: no traffic passes here.
/// </summary>
internal sealed class FacadeConnection : IDisposable
{
    /// <summary>Unsent data of a subscriber, beyond what the kernel has taken. A message is about 100 bytes.</summary>
    private const int MaxBacklogBytes = 64 * 1024;

    // Replies to one burst of requests that are sent together.
    private const int FlushBytes = 16 * 1024;

    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private readonly FacadeWire _wire;
    private readonly FacadeContext _context;
    private readonly FacadeDialogue _dialogue;
    private readonly FacadeOutput _output;
    private readonly FacadeRequests _requests = new();
    private readonly EndPoint? _remote;
    private volatile string _dropReason = "";

    /// <param name="socket">Accepted; closed with this.</param>
    /// <param name="context">Shared by all connections.</param>
    /// <param name="id">For CLIENT ID.</param>
    public FacadeConnection(Socket socket, FacadeContext context, long id)
    {
        _wire = new FacadeWire(socket, context.Tls);
        _context = context;
        _remote = socket.RemoteEndPoint;
        var reply = new ReplyWriter();
        _output = new FacadeOutput(_wire, reply);
        _dialogue = new FacadeDialogue(
            context, reply, id, Unmapped(socket.RemoteEndPoint as IPEndPoint), Unmapped(socket.LocalEndPoint as IPEndPoint));
    }

    /// <summary>Of the client; none: unknown.</summary>
    public IPAddress Address => (_remote as IPEndPoint)?.Address ?? IPAddress.None;

    /// <summary>It has sent a complete request.</summary>
    public bool HasSpoken { get; private set; }

    /// <summary>It is being disconnected, and may not have ended yet.</summary>
    public bool IsDropped => _dropReason.Length > 0;

    /// <summary>Its place is needed for another client. Any thread.</summary>
    public void MakeRoom() => Drop("its place was needed for another client");

    /// <summary>Until either side closes, or the server stops.</summary>
    /// <returns>Why the facade has ended it; empty: it has not.</returns>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async Task<string> RunAsync(CancellationToken stop)
    {
        TimeSpan timeout = _context.Access.Timeout;
        ITimer? stranger = _dialogue.IsAuthenticated || timeout == TimeSpan.Zero
            ? null
            : _context.Time.CreateTimer(_ => DropStranger(), null, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            await _wire.OpenAsync(_context.Time);
            await ServeAsync(stop);
            await _output.FlushAsync();
            await LingerAsync();
        }
        catch (Exception failure) when (failure is AuthenticationException or TimeoutException)
        {
            _dropReason = $"TLS: {TlsFailure.Describe(failure)}";
        }
        catch (Exception failure) when (_dropReason.Length > 0 && failure is SocketException or ObjectDisposedException or IOException)
        {
            // The facade has ended it.
        }
        finally
        {
            if (stranger is not null)
            {
                await stranger.DisposeAsync();
            }
        }

        return _dropReason;
    }

    /// <summary>Tells a subscribed client that a master has changed. Any thread; does not wait.</summary>
    /// <returns>False: it is not subscribed.</returns>
    public bool TryPublishSwitch(string master)
    {
        lock (_output.Gate)
        {
            if (!_dialogue.TryPublishSwitch(master))
            {
                return false;
            }

            if (_dialogue.Reply.Length > MaxBacklogBytes)
            {
                Drop("a subscriber that does not read");
                return false;
            }
        }

        _ = _output.FlushAsync();
        return true;
    }

    /// <summary>At once, with a reset if there was unread data.</summary>
    public void Dispose() => _wire.Dispose();

    // Until there is nothing more to read or to send.
    private async Task ServeAsync(CancellationToken stop)
    {
        while (!_dialogue.IsOver)
        {
            int count;
            try
            {
                count = await _wire.ReceiveAsync(_requests.Room(), stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (count == 0)
            {
                return;
            }

            _requests.Received(count);
            bool isProtocol = await AnswerAllAsync();
            await _output.FlushAsync();
            if (!isProtocol)
            {
                return;
            }
        }
    }

    // False: the input is not valid RESP.
    private async Task<bool> AnswerAllAsync()
    {
        while (!_dialogue.IsOver)
        {
            RequestLimits limits = _dialogue.IsAuthenticated ? RequestLimits.OfClients : RequestLimits.OfStrangers;
            if (!_requests.TryTake(limits, out List<byte[]> arguments, out string? complaint))
            {
                if (complaint is not null)
                {
                    Refuse(complaint);
                }

                return complaint is null;
            }

            HasSpoken = true;
            bool isMuch;
            lock (_output.Gate)
            {
                _dialogue.Answer(arguments);
                isMuch = _dialogue.Reply.Length > FlushBytes;
            }

            if (isMuch)
            {
                await _output.FlushAsync();
            }
        }

        return true;
    }

    private void Refuse(string complaint)
    {
        _dropReason = complaint.Length > 0 ? complaint : "not the redis protocol";
        lock (_output.Gate)
        {
            if (complaint.Length > 0)
            {
                _dialogue.Reply.Error(complaint);
            }
        }
    }

    // Closing with unread data would reset the connection, and the client might never see the last reply.
    private async Task LingerAsync()
    {
        await _wire.EndSendingAsync();
        using var limit = new CancellationTokenSource(LingerTime, _context.Time);
        byte[] nobodyReadsThis = new byte[1024];
        try
        {
            while (await _wire.ReceiveAsync(nobodyReadsThis, limit.Token) > 0)
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Long enough.
        }
    }

    private void DropStranger()
    {
        lock (_output.Gate)
        {
            if (!_dialogue.IsAuthenticated)
            {
                Drop("no authentication in time");
            }
        }
    }

    private void Drop(string reason)
    {
        _dropReason = reason;
        _wire.Dispose();
    }

    // A socket on [::] sees IPv4 clients as ::ffff:10.0.0.1.
    private static IPEndPoint? Unmapped(IPEndPoint? endpoint) =>
        endpoint?.Address.IsIPv4MappedToIPv6 == true ? new IPEndPoint(endpoint.Address.MapToIPv4(), endpoint.Port) : endpoint;
}
