using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>
/// A connection of the proxy's own to a Redis server, authenticated with the proxy's credentials. It reconnects when the connection has
/// been closed, as Sentinel does to a promoted node. One request at a time.
/// </summary>
internal sealed class ServerConnection(HostEndpoint announced, IPEndPoint address, BackendOptions options, TopologyContext context)
    : IAsyncDisposable
{
    private static readonly string[] Ping = ["PING"];
    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly SocketSettings _socket = SocketSettings.Of(options, context.BackendTls);
    private RespConnection? _connection;
    private volatile bool _isDisposed;

    /// <summary>The name shown in the server's client list.</summary>
    public string ClientName { get; init; } = "redisproxy-failover";

    /// <summary>A longer reply closes the connection.</summary>
    public int MaxAnswerBytes { get; init; } = RespConnection.MaxMessageBytes;

    /// <summary>The address by which Sentinel and the other servers know it.</summary>
    public HostEndpoint Announced => announced;

    /// <summary>The address that the proxy connects to.</summary>
    public IPEndPoint Address => address;

    /// <summary>Completes when the current connection closes; never while there is none.</summary>
    public Task Closed => _connection?.Closed ?? Never;

    // Built when first needed: the client's name is set after the constructor.
    private ServerGreeting Greeting => field ??= new ServerGreeting(options.Username, options.Password, ClientName);

    /// <summary>Creates another connection to the same server.</summary>
    public ServerConnection Another() => new(announced, address, options, context) { ClientName = ClientName };

    /// <param name="request">One command.</param>
    /// <exception cref="ServerException">The server replied with an error or did not reply.</exception>
    public async Task<RespValue> AskAsync(params string[] request)
    {
        RespValue reply = await TryAskAsync(request);
        return reply.IsError ? throw new ServerException($"{announced} answers {request[0]}: {reply.Text}") : reply;
    }

    /// <summary>Like <see cref="AskAsync"/>, but returns an error reply instead of throwing.</summary>
    public async Task<RespValue> TryAskAsync(params string[] request) => (await TryAskAllAsync([request]))[0];

    /// <summary>Sends all requests in one write and returns their replies in order.</summary>
    public Task<RespValue[]> TryAskAllAsync(IReadOnlyList<string[]> requests, CancellationToken stop = default) => TryAsync(
        requests[0][0],
        async () =>
        {
            RespConnection connection = await ConnectAsync(stop);
            return await connection.AskAsync(requests, options.ConnectTimeout, stop);
        });

    /// <summary>
    /// Sends queries that are safe to send twice, in one write with the greeting if the connection is new. A rejected password does not
    /// matter: what a server replies to an unauthenticated client tells something about the server, too.
    /// </summary>
    public Task<ServerLook> LookAsync(IReadOnlyList<string[]> questions, CancellationToken stop) => TwiceAsync(() => TryAsync(
        questions[0][0],
        async () =>
        {
            RespConnection? open = OpenConnection;
            string[][] greeting = open is null ? [Ping, .. Greeting.Requests] : [];
            RespConnection connection = open ?? await DialAsync(stop);
            long begun = context.Time.GetTimestamp();
            RespValue[] replies = await connection.AskAsync([.. greeting, .. questions], options.ConnectTimeout, stop);
            return new ServerLook(replies[greeting.Length..], context.Time.GetElapsedTime(begun))
            {
                UnauthenticatedReply = greeting.Length > 0 ? replies[0] : null,
                Refusal = greeting.Length > 0 ? Greeting.RefusalIn(replies.AsSpan(1)) : null,
            };
        }));

    /// <summary>Reads one section of INFO.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section) => ReadInfo(await AskAsync("INFO", section));

    /// <summary>Parses a reply to INFO.</summary>
    public static IReadOnlyDictionary<string, string> ReadInfo(RespValue reply) => reply.Text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(line => line.Split(':', 2))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    /// <summary>"master", "slave" or "sentinel".</summary>
    public async Task<string> RoleAsync() => (await AskAsync("ROLE")).Items is [var role, ..] ? role.Text : "";

    /// <summary>A request in progress fails and is not sent again.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return DropAsync();
    }

    private RespConnection? OpenConnection => _connection is { Closed.IsCompleted: false } open ? open : null;

    // Sentinel closes all connections of a server whose master it changes, so only a new connection that fails, too, proves anything.
    private async Task<T> TwiceAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (ServerException failure) when (failure.InnerException is RespConnectionException { ByErrorReply: false } && !_isDisposed)
        {
            return await ask();
        }
    }

    private async Task<T> TryAsync<T>(string what, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            bool wasConnected = _connection is not null;
            await DropAsync();
            throw new ServerException($"{announced} does not answer {what}: {failure.Message}", failure) { WasConnected = wasConnected };
        }
    }

    private async Task<RespConnection> ConnectAsync(CancellationToken stop)
    {
        if (OpenConnection is { } open)
        {
            return open;
        }

        RespConnection connection = await DialAsync(stop);
        RespValue[] replies = await connection.AskAsync(Greeting.Requests, options.ConnectTimeout, stop);
        return Greeting.RefusalIn(replies) is { } refusal ? throw new IOException(refusal) : connection;
    }

    private async Task<RespConnection> DialAsync(CancellationToken stop)
    {
        await DropAsync();
        return _connection = await RespConnection.ConnectAsync(
            address, _socket, context.Time, onPush: null, stop, maxMessageBytes: MaxAnswerBytes);
    }

    private async ValueTask DropAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }
}

/// <summary>What a server replied to a probe.</summary>
/// <param name="Replies">The replies to the queries, without those to the greeting.</param>
/// <param name="RoundTrip">From the write to the last reply.</param>
internal sealed record ServerLook(RespValue[] Replies, TimeSpan RoundTrip)
{
    /// <summary>On a new connection, the reply to a PING sent before authentication; otherwise null.</summary>
    public RespValue? UnauthenticatedReply { get; init; }

    /// <summary>On a new connection, why the server rejected the proxy's password; null if it did not.</summary>
    public string? Refusal { get; init; }
}

/// <summary>A server or a Sentinel replied with an error or did not reply.</summary>
/// <param name="message">Shown to the operator.</param>
/// <param name="cause">The failure of the connection, if it was one.</param>
internal sealed class ServerException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The request was sent, so it may have been executed, or may still be.</summary>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>Whether the connection had been established.</summary>
    public bool WasConnected { get; init; }
}
