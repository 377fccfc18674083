using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Servers;

/// <summary>
/// A redis server on which an operator's work is done: greeted with the proxy's own credentials, and connected anew when its connection
/// has ended, which Sentinel does to a promoted node. One question at a time.
/// </summary>
internal sealed class ServerConnection(HostEndpoint announced, IPEndPoint address, BackendOptions options, TopologyContext context)
    : IAsyncDisposable
{
    private readonly SocketSettings _socket = SocketSettings.Of(options, context.BackendTls);
    private RespConnection? _connection;

    /// <summary>In the server's list of clients.</summary>
    public string ClientName { get; init; } = "redisproxy-failover";

    /// <summary>An answer that is longer ends the connection.</summary>
    public int MaxAnswerBytes { get; init; } = RespConnection.MaxMessageBytes;

    /// <summary>As Sentinel, and the other servers, call it.</summary>
    public HostEndpoint Announced => announced;

    /// <summary>Where it is reached.</summary>
    public IPEndPoint Address => address;

    /// <summary>A further connection to the same server.</summary>
    public ServerConnection Another() => new(announced, address, options, context) { ClientName = ClientName };

    /// <param name="request">One command.</param>
    /// <exception cref="ServerException">It refuses, or does not answer.</exception>
    public async Task<RespValue> AskAsync(params string[] request)
    {
        RespValue reply = await TryAskAsync(request);
        return reply.IsError ? throw new ServerException($"{announced} answers {request[0]}: {reply.Text}") : reply;
    }

    /// <summary>As <see cref="AskAsync"/>, but an error is a reply like others.</summary>
    public async Task<RespValue> TryAskAsync(params string[] request) => (await TryAskAllAsync([request]))[0];

    /// <summary>All in one write, and their replies in order.</summary>
    public async Task<RespValue[]> TryAskAllAsync(IReadOnlyList<string[]> requests)
    {
        try
        {
            RespConnection connection = await ConnectAsync();
            return await connection.AskAsync(requests, options.ConnectTimeout, CancellationToken.None);
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            await DisposeAsync();
            throw new ServerException($"{announced} does not answer {requests[0][0]}: {failure.Message}", failure);
        }
    }

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

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private async Task<RespConnection> ConnectAsync()
    {
        if (_connection is { Closed.IsCompleted: false } open)
        {
            return open;
        }

        await DisposeAsync();
        _connection = await RespConnection.ConnectAsync(
            address, _socket, context.Time, onPush: null, CancellationToken.None, maxMessageBytes: MaxAnswerBytes);
        string[][] auth = Credentials.ToRequests(options.Username, options.Password);
        RespValue[] replies = await _connection.AskAsync(
            [.. auth, ["CLIENT", "SETNAME", ClientName]], options.ConnectTimeout, CancellationToken.None);
        return auth.Length > 0 && replies[0].IsError && !replies[0].Text.StartsWith("ERR", StringComparison.Ordinal)
            ? throw new IOException(replies[0].Text)
            : _connection;
    }
}

/// <summary>A server, or a Sentinel, did not do what it was asked to.</summary>
/// <param name="message">For the operator.</param>
/// <param name="cause">What the connection said.</param>
internal sealed class ServerException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>It was sent, so it may have been done, or may be yet.</summary>
    public bool IsOutcomeUnknown { get; init; }
}
