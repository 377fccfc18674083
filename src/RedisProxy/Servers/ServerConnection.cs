using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>
/// A redis server that the proxy asks for itself: greeted with the proxy's own credentials, and connected anew when its connection
/// has ended, which Sentinel does to a promoted node. One question at a time.
/// </summary>
internal sealed class ServerConnection(HostEndpoint announced, IPEndPoint address, BackendOptions options, TopologyContext context)
    : IAsyncDisposable
{
    private static readonly string[] Ping = ["PING"];
    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly SocketSettings _socket = SocketSettings.Of(options, context.BackendTls);
    private RespConnection? _connection;
    private volatile bool _isDisposed;

    /// <summary>In the server's list of clients.</summary>
    public string ClientName { get; init; } = "redisproxy-failover";

    /// <summary>An answer that is longer ends the connection.</summary>
    public int MaxAnswerBytes { get; init; } = RespConnection.MaxMessageBytes;

    /// <summary>As Sentinel, and the other servers, call it.</summary>
    public HostEndpoint Announced => announced;

    /// <summary>Where it is reached.</summary>
    public IPEndPoint Address => address;

    /// <summary>Ends when the present connection has; not while there is none.</summary>
    public Task Closed => _connection?.Closed ?? Never;

    private ServerGreeting Greeting => new(options.Username, options.Password, ClientName);

    /// <summary>A further connection to the same server.</summary>
    public ServerConnection Another() => new(announced, address, options, context) { ClientName = ClientName };

    /// <param name="request">One command.</param>
    /// <exception cref="ServerException">It refuses, or does not answer.</exception>
    public async Task<RespValue> AskAsync(params string[] request)
    {
        RespValue reply = await TryAskAsync(request);
        return reply.IsError ? throw new ServerException($"{announced} answers {request[0]}: {reply.Text}") : reply;
    }

    /// <summary>As <see cref="AskAsync"/>, of what may be asked twice.</summary>
    public Task<RespValue> AskTwiceAsync(params string[] request) => TwiceAsync(() => AskAsync(request));

    /// <summary>As <see cref="AskAsync"/>, but an error is a reply like others.</summary>
    public async Task<RespValue> TryAskAsync(params string[] request) => (await TryAskAllAsync([request]))[0];

    /// <summary>All in one write, and their replies in order.</summary>
    public Task<RespValue[]> TryAskAllAsync(IReadOnlyList<string[]> requests, CancellationToken stop = default) => TryAsync(
        requests[0][0],
        async () =>
        {
            RespConnection connection = await ConnectAsync(stop);
            return await connection.AskAsync(requests, options.ConnectTimeout, stop);
        });

    /// <summary>
    /// Questions that may be asked twice, in one write with the greeting when there has to be one. Nobody's credentials are needed: what a
    /// server says to those whose password it refuses says something of the server, too.
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
                Stranger = greeting.Length > 0 ? replies[0] : null,
                Refusal = greeting.Length > 0 ? Greeting.RefusalIn(replies.AsSpan(1)) : null,
            };
        }));

    /// <summary>The lines of one section of INFO.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section) => ReadInfo(await AskAsync("INFO", section));

    /// <summary>The lines of a reply to INFO.</summary>
    public static IReadOnlyDictionary<string, string> ReadInfo(RespValue reply) => reply.Text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(line => line.Split(':', 2))
        .Where(parts => parts.Length == 2)
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    /// <summary>"master", "slave" or "sentinel".</summary>
    public async Task<string> RoleAsync() => (await AskAsync("ROLE")).Items is [var role, ..] ? role.Text : "";

    /// <summary>What is being asked comes to its end, and is not asked again.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return DropAsync();
    }

    private RespConnection? OpenConnection => _connection is { Closed.IsCompleted: false } open ? open : null;

    // Sentinel ends all connections of a server whose master it changes, so an end is no verdict; only one that fails anew is.
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

/// <summary>What a server answered to a look.</summary>
/// <param name="Replies">To the questions.</param>
/// <param name="RoundTrip">Of all that was asked at once.</param>
internal sealed record ServerLook(RespValue[] Replies, TimeSpan RoundTrip)
{
    /// <summary>On a new connection: the reply to PING before anything was said of who asks. Else null.</summary>
    public RespValue? Stranger { get; init; }

    /// <summary>On a new connection: why it refused the proxy's password. Else null.</summary>
    public string? Refusal { get; init; }
}

/// <summary>A server, or a Sentinel, did not do what it was asked to.</summary>
/// <param name="message">For the operator.</param>
/// <param name="cause">What the connection said.</param>
internal sealed class ServerException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>It was sent, so it may have been done, or may be yet.</summary>
    public bool IsOutcomeUnknown { get; init; }

    /// <summary>There was a connection, at least.</summary>
    public bool WasConnected { get; init; }
}
