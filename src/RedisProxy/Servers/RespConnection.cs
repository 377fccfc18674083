using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Actors;
using RedisProxy.Resp;
using RedisProxy.Transport;

namespace RedisProxy.Servers;

/// <summary>
/// The control plane's own connection to a Sentinel or a server: requests in batches, one batch at a time, and the peer's pushes
/// meanwhile. Not for traffic: every message becomes a tree.
/// <para>Invariant: after any failure, including a request not answered in time, the connection is closed and stays closed; the first
/// reason wins. Pushes arrive on the reading thread, which must not be blocked.</para>
/// </summary>
internal sealed class RespConnection : IAsyncDisposable
{
    public const int MaxMessageBytes = 1024 * 1024;

    private const int InitialBufferBytes = 4096;

    private readonly RespTransport _transport;
    private readonly TimeProvider _time;
    private readonly Action<RespValue> _onPush;
    private readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly int _maxMessageBytes;
    private readonly Task _reading;
    private Batch? _batch;
    private string? _complaint;
    private RespConnectionException? _end;

    private RespConnection(RespTransport transport, TimeProvider time, Action<RespValue>? onPush, int maxMessageBytes)
    {
        _maxMessageBytes = maxMessageBytes;
        _transport = transport;
        _time = time;
        _onPush = onPush ?? (_ => { });
        _reading = ReadAsync();
    }

    /// <summary>Completes, with the reason, when the connection has ended.</summary>
    public Task<string> Closed => _closed.Task;

    /// <summary>How long ago the kernel received the last bytes, read or not; zero when unknown.</summary>
    public TimeSpan SinceReceived => _transport.SinceReceived;

    /// <param name="settings">Of the socket, and of TLS on it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onPush">Null without a subscription.</param>
    /// <param name="stop">Aborts.</param>
    /// <param name="host">The configured name or address that was looked up, if any; for TLS.</param>
    /// <param name="maxMessageBytes">A longer message ends the connection.</param>
    /// <exception cref="SocketException">Refused or unreachable.</exception>
    /// <exception cref="RespConnectionException">The peer's certificate is not accepted, or it does not speak TLS.</exception>
    /// <exception cref="TimeoutException">No connection within the time.</exception>
    public static async Task<RespConnection> ConnectAsync(
        IPEndPoint address, SocketSettings settings, TimeProvider time, Action<RespValue>? onPush, CancellationToken stop,
        string? host = null, int maxMessageBytes = MaxMessageBytes)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            settings.ApplyTo(socket);
            using var limit = new TimeLimit(settings.ConnectTimeout, time, stop);
            await limit.ApplyToAsync(socket.ConnectAsync(address, limit.Token).AsTask(), "no connection");

            // A port of this host without a listener, chosen as our own source port: TCP then connects to itself.
            if (address.Equals(socket.LocalEndPoint))
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            if (settings.SendsProxyHeader)
            {
                // A fresh connection has room for it.
                _ = await socket.SendAsync(ProxyHeader.WriteLocal(), limit.Token);
            }

            RespTransport transport = await limit.ApplyToAsync(
                RespTransport.OverAsync(socket, settings.Tls, host, limit.Token), "no TLS handshake");
            return new RespConnection(transport, time, onPush, maxMessageBytes);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends all requests in one write and waits for all replies, in order.</summary>
    /// <exception cref="RespConnectionException">The connection ended, before or meanwhile.</exception>
    /// <exception cref="TimeoutException">No answer in time; the connection is closed.</exception>
    public async Task<RespValue[]> AskAsync(IReadOnlyList<string[]> requests, TimeSpan timeout, CancellationToken stop)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (string[] request in requests)
        {
            RequestWriter.Write(output, request);
        }

        Batch batch = Begin(requests.Count);
        using var limit = new TimeLimit(timeout, _time, stop);
        try
        {
            await limit.ApplyToAsync(_transport.SendAsync(output.WrittenMemory, limit.Token), "request not sent");
            return await limit.ApplyToAsync(batch.Done.WaitAsync(limit.Token), "no answer");
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException
            or (IOException and not RespConnectionException))
        {
            Close(failure.Message);
            throw new RespConnectionException(await Closed, byErrorReply: false);
        }
        catch (TimeoutException late)
        {
            // A request that has not arrived by now must not arrive later: its caller no longer expects it.
            Close(late.Message, isAbort: true);
            throw;
        }
        catch (OperationCanceledException stopped)
        {
            Close(stopped.Message);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close("closed by the proxy");
        await _reading;
    }

    private Batch Begin(int count)
    {
        lock (_gate)
        {
            if (_end is not null)
            {
                throw new RespConnectionException(_end.Message, _end.ByErrorReply);
            }

            Debug.Assert(_batch is null, "one batch at a time");
            return _batch = new Batch(count);
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            await ReadMessagesAsync();
        }
        catch (FormatException failure)
        {
            Close($"not RESP: {failure.Message}");
        }
        catch (Exception failure)
        {
            Close(failure.Message);
        }
    }

    private async Task ReadMessagesAsync()
    {
        byte[] buffer = new byte[InitialBufferBytes];
        var scanner = new ReplyScanner();
        int scanned = 0;
        int received = 0;
        while (true)
        {
            int count = await _transport.ReceiveAsync(buffer.AsMemory(received));
            if (count == 0)
            {
                Close("the peer closed the connection");
                return;
            }

            received += count;
            int message = 0;
            while (TakeMessage(ref scanner, buffer.AsSpan(0, received), ref scanned))
            {
                Dispatch(RespValue.Read(buffer.AsSpan(message, scanned - message)));
                message = scanned;
            }

            Debug.Assert(scanned == received, "a scanner consumes all there is of an unfinished message");
            buffer.AsSpan(message, received - message).CopyTo(buffer);
            scanned = received -= message;
            if (received == buffer.Length)
            {
                Array.Resize(ref buffer, received < _maxMessageBytes ? received * 2 : throw TooLong(_maxMessageBytes));
            }
        }
    }

    private static FormatException TooLong(int maxBytes) => new($"a message longer than {maxBytes >> 20} MiB");

    private static bool TakeMessage(ref ReplyScanner scanner, ReadOnlySpan<byte> received, ref int scanned)
    {
        ScanStatus status = scanner.Scan(received[scanned..], out int consumed);
        scanned += consumed;
        return status != ScanStatus.Error ? status == ScanStatus.Complete : throw new FormatException("bad framing");
    }

    // In RESP3 the confirmation of PSUBSCRIBE is a push and there is no other reply to it; in RESP2 events are arrays.
    private void Dispatch(RespValue message)
    {
        string kind = message.IsAggregate && message.Items.Count > 0 ? message.Items[0].Text : "";
        if (kind == "pmessage")
        {
            _onPush(message);
        }
        else if (!message.IsPush || kind == "psubscribe")
        {
            TakeReply(message);
        }
    }

    private void TakeReply(RespValue reply)
    {
        lock (_gate)
        {
            _complaint = reply.IsError ? reply.Text : _complaint;
            if (_batch is null)
            {
                CloseLocked(_complaint ?? "an unexpected reply");
            }
            else if (_batch.Take(reply))
            {
                _batch = null;
                _complaint = null;
            }
        }
    }

    private void Close(string reason, bool isAbort = false)
    {
        lock (_gate)
        {
            CloseLocked(reason, isAbort);
        }
    }

    private void CloseLocked(string reason, bool isAbort = false)
    {
        if (_end is not null)
        {
            return;
        }

        _end = new RespConnectionException(_complaint ?? reason, byErrorReply: _complaint is not null);
        _closed.TrySetResult(_end.Message);
        _batch?.Fail(_end);
        _batch = null;
        _transport.End(isAbort);
    }

    /// <summary>Requests in flight.</summary>
    private sealed class Batch(int count)
    {
        private readonly TaskCompletionSource<RespValue[]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly RespValue[] _replies = new RespValue[count];
        private int _taken;

        public Task<RespValue[]> Done => _done.Task;

        /// <summary>True when it was the last.</summary>
        public bool Take(RespValue reply)
        {
            _replies[_taken++] = reply;
            return _taken == _replies.Length && _done.TrySetResult(_replies);
        }

        public void Fail(Exception failure)
        {
            _done.TrySetException(failure);
            _ = _done.Task.Exception; // Observed, even if the caller has given up.
        }
    }
}
