using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

using Pipelines.Sockets.Unofficial;

namespace RedisProxy.EventLoops;

/// <summary>
/// A connection, connecting or connected. Everything happens on the loop's thread: the two loops of <see cref="SocketConnection"/> run
/// there, because its pipes schedule on the <see cref="LoopScheduler"/>. So bytes are taken from the system on that thread only: the read
/// that waits for them elsewhere is one of no bytes.
/// </summary>
internal sealed class PipelinesConnection : PipelinesSocket
{
    private readonly PipelinesInput _input;
    private readonly PipelinesOutput _output;
    private SocketConnection? _connection;
    private bool _isConnecting;

    /// <param name="socket">Connected, or about to be.</param>
    public PipelinesConnection(Socket socket)
        : base(socket)
    {
        _input = new PipelinesInput(this);
        _output = new PipelinesOutput(this);
    }

    public override bool HasArrived => _input.HasArrived;

    public override bool IsUnderWay => _input.IsReading && IsReadable;

    /// <summary>Why it is broken, as a positive error number; 0: it is not.</summary>
    public int Error => _input.Error != 0 ? _input.Error : _output.Error;

    /// <summary>Starts connecting a new socket.</summary>
    /// <exception cref="SocketException">There is no socket to be had.</exception>
    public static PipelinesConnection Connect(IPEndPoint endpoint, TcpSettings settings, LoopScheduler scheduler)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        PortableSockets.Apply(settings, socket);
        var connection = new PipelinesConnection(socket) { _isConnecting = true };
        _ = connection.ConnectAsync(endpoint, scheduler);
        return connection;
    }

    /// <inheritdoc cref="PipelinesInput.Receive"/>
    public int Receive(Span<byte> buffer) => _input.Receive(buffer);

    /// <inheritdoc cref="PipelinesInput.Peek"/>
    public int Peek(Span<byte> buffer) => _input.Peek(buffer);

    /// <inheritdoc cref="PipelinesOutput.Send"/>
    public int Send(ReadOnlySpan<byte> bytes) => Error != 0 ? -Error : _output.Send(bytes);

    /// <inheritdoc cref="PipelinesOutput.Shutdown"/>
    public void ShutdownWrite() => _output.Shutdown();

    public override void Dispose()
    {
        if (_connection is not { } connection)
        {
            Socket.Dispose();
            return;
        }

        _connection = null;
        connection.Dispose();
        connection.Output.Complete();
        _input.Complete();
    }

    protected override void Start(LoopScheduler scheduler)
    {
        if (!_isConnecting && _connection is null && Error == 0)
        {
            Open(scheduler);
        }
    }

    protected override void End(bool abort)
    {
        if (abort)
        {
            Socket.Close(timeout: 0);
        }
        else if (_output.IsFlushing)
        {
            // The end comes with the flush, or when the system gives up on the peer.
            _output.Shutdown();
            return;
        }

        Dispose();
    }

    private async Task ConnectAsync(IPEndPoint endpoint, LoopScheduler scheduler)
    {
        using var connecting = new SocketAwaitableEventArgs(scheduler) { RemoteEndPoint = endpoint };
        if (!Socket.ConnectAsync(connecting))
        {
            connecting.Complete();
        }

        try
        {
            await connecting;
        }
        catch (SocketException failure)
        {
            _input.Fail(Errno.Of(failure.SocketErrorCode));
        }

        _isConnecting = false;
        if (Error != 0)
        {
            Report(Broken);
        }
        else if (!IsClosed)
        {
            Open(scheduler);
        }
    }

    private void Open(LoopScheduler scheduler)
    {
        _connection = SocketConnection.Create(
            Socket,
            sendPipeOptions: Options(scheduler, pauseAt: 1),
            receivePipeOptions: Options(scheduler, pauseAt: PipelinesInput.MaxAhead),
            SocketConnectionOptions.ZeroLengthReads);
        _output.Start(_connection);
        Report(SocketReadiness.Writable);
        _input.Start(_connection.Input);
    }

    private static PipeOptions Options(LoopScheduler scheduler, int pauseAt) => new(
        readerScheduler: scheduler,
        writerScheduler: scheduler,
        pauseWriterThreshold: pauseAt,
        resumeWriterThreshold: (pauseAt + 1) / 2,
        useSynchronizationContext: false);
}
