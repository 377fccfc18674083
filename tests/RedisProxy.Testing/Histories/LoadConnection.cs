using System.Net.Sockets;

namespace RedisProxy.Testing.Histories;

/// <summary>One client connection of the load: sends pipelines, reads the replies, and gives both to its oracle.</summary>
internal sealed class LoadConnection : IDisposable
{
    private static readonly TimeSpan ReplyWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan MaxPieceGap = TimeSpan.FromMilliseconds(30);

    private readonly HistoryLog _log;
    private readonly RawClient _client;
    private readonly ConnectionOracle _oracle;
    private readonly Random _random;

    private LoadConnection(HistoryLog log, RawClient client, Identity identity, Random random)
    {
        _log = log;
        _client = client;
        _random = random;
        _oracle = new ConnectionOracle(log, identity);
        Own = new OwnData(log, identity.Database, _oracle.Lost);
        Mix = new RequestMix(log, identity, Own, random);
    }

    public OwnData Own { get; }

    public RequestMix Mix { get; }

    public bool IsUsable => !_oracle.IsSpent;

    /// <summary>Null if it could not be opened, or its identity was refused.</summary>
    public static async Task<LoadConnection?> OpenAsync(int port, HistoryLog log, Identity identity, Random random)
    {
        RawClient client;
        try
        {
            client = await RawClient.ConnectAsync(port);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            log.Add("refused connections");
            return null;
        }

        client.Timeout = ReplyWithin;
        var connection = new LoadConnection(log, client, identity, random);
        foreach (Request request in identity.Introduction())
        {
            if (!await connection.ExchangeAsync(request))
            {
                connection.Dispose();
                return null;
            }
        }

        return connection;
    }

    /// <summary>Sends all requests at once and reads all replies. False: the connection is useless afterwards.</summary>
    public async Task<bool> ExchangeAsync(params IReadOnlyList<Request> burst)
    {
        byte[] bytes = [.. burst.SelectMany(request => request.ToBytes())];
        TimeSpan sentAt = _log.Now;
        foreach (Request request in burst)
        {
            _oracle.Sent(request, sentAt);
        }

        // Concurrently, because a proxy that cannot deliver replies need not accept requests.
        Task send = SendAsync(bytes);
        try
        {
            while (_oracle.Owed > 0 && IsUsable)
            {
                RawReply reply = await _client.ReadReplyAsync();
                _oracle.Received(reply, _log.Now);
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            string how = e is SocketException socket ? socket.SocketErrorCode.ToString() : e.GetType().Name;
            _oracle.Ended(byPeer: true, _client.Pending.Length > 0, how, _log.Now);
        }
        catch (TimeoutException e)
        {
            _oracle.Fail(ViolationKind.Silent, _log.Now, e.Message);
        }
        catch (FormatException e)
        {
            _oracle.Fail(ViolationKind.Misplaced, _log.Now, $"what came is no reply: {e.Message}");
        }

        if (!IsUsable)
        {
            Dispose();
        }

        await send;
        return IsUsable;
    }

    public void Dispose()
    {
        _oracle.Ended(byPeer: false, hasPart: false, "closed by the client", _log.Now);
        _client.Dispose();
    }

    // In one piece, or split anywhere.
    private async Task SendAsync(byte[] bytes)
    {
        try
        {
            if (_random.Next(8) == 0)
            {
                int cut = _random.Next(bytes.Length);
                TimeSpan gap = MaxPieceGap * _random.NextDouble();
                await _client.SendAsync(bytes.AsMemory(0, cut));
                await Task.Delay(gap, TimeProvider.System);
                bytes = bytes[cut..];
            }

            await _client.SendAsync(bytes);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or TimeoutException)
        {
            // The reader sees the same end, and interprets it.
        }
    }
}
