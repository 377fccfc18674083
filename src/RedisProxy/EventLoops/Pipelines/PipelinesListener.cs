using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

using Pipelines.Sockets.Unofficial;

namespace RedisProxy.EventLoops;

/// <summary>A listening socket. One connection is accepted ahead; the others wait in the system's queue.</summary>
internal sealed class PipelinesListener(Socket socket, TcpSettings? settings) : PipelinesSocket(socket)
{
    private Socket? _accepted;
    private int _error;
    private bool _isAccepting;

    /// <summary>Of accepted sockets. Null: a unix socket, which has none.</summary>
    public TcpSettings? Settings { get; set; } = settings;

    public override bool HasArrived => _accepted is not null || _error != 0;

    public override bool IsUnderWay => _isAccepting && IsReadable;

    /// <param name="scheduler">Of the loop that asks.</param>
    /// <param name="accepted">The next connection.</param>
    /// <param name="error">Positive, <see cref="Errno.Again"/> if there is none now.</param>
    public bool TryAccept(LoopScheduler scheduler, [NotNullWhen(true)] out Socket? accepted, out int error)
    {
        if (!HasArrived && !_isAccepting)
        {
            _ = AcceptAsync(scheduler);
        }

        accepted = _accepted;
        error = accepted is null && _error == 0 ? Errno.Again : _error;
        _accepted = null;
        _error = 0;
        return accepted is not null;
    }

    protected override void Start(LoopScheduler scheduler) => Report(SocketReadiness.Readable);

    public override void Dispose()
    {
        _accepted?.Dispose();
        Socket.Dispose();
    }

    protected override void End(bool abort) => Dispose();

    private async Task AcceptAsync(LoopScheduler scheduler)
    {
        _isAccepting = true;
        using var accepting = new SocketAwaitableEventArgs(scheduler);
        if (!Socket.AcceptAsync(accepting))
        {
            accepting.Complete();
        }

        try
        {
            await accepting;
            _accepted = accepting.AcceptSocket;
        }
        catch (SocketException failure)
        {
            _error = Errno.Of(failure.SocketErrorCode);
        }

        _isAccepting = false;
        if (IsClosed)
        {
            // It came while the socket was being closed.
            _accepted?.Dispose();
            return;
        }

        if (Settings is { } settings && _accepted is { } accepted)
        {
            PortableSockets.Apply(settings, accepted);
        }

        Report(SocketReadiness.Readable);
    }
}
