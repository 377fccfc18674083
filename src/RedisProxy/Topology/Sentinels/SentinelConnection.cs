using System.Net;
using System.Net.Sockets;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// An authenticated connection to one Sentinel, for commands and for its events. It knows the protocol, but not which commands are sent
/// nor what the replies mean. With RESP3 it is one TCP connection; with a Sentinel that rejects HELLO it is two, because a RESP2
/// connection that has subscribed can do nothing else.
/// </summary>
internal sealed class SentinelConnection : IAsyncDisposable
{
    private static readonly string[] Ping = ["PING"];
    private static readonly string[] Subscribe = ["PSUBSCRIBE", "*"];

    private readonly RespConnection _commands;
    private readonly RespConnection? _events;
    private readonly SentinelAccess _access;

    private SentinelConnection(RespConnection commands, RespConnection? events, SentinelAccess access, string id)
    {
        _commands = commands;
        _events = events;
        _access = access;
        Id = id;
        Closed = events is null ? commands.Closed : Task.WhenAny(commands.Closed, events.Closed).Unwrap();
    }

    /// <summary>The Sentinel's id (SENTINEL MYID), the same at every address; empty if it is too old to have one.</summary>
    public string Id { get; }

    /// <summary>Why the Sentinel rejected the subscription to its events; empty if it did not.</summary>
    public string EventsRefused { get; private init; } = "";

    public bool IsResp3 => _events is null;

    /// <summary>Completes with the reason when the connection closes.</summary>
    public Task<string> Closed { get; }

    /// <summary>Time since the kernel received the last bytes, of replies or events; zero if it does not tell.</summary>
    public TimeSpan SinceReceived =>
        _events is null || _commands.SinceReceived < _events.SinceReceived ? _commands.SinceReceived : _events.SinceReceived;

    /// <param name="endpoint">Its name is resolved again on each call.</param>
    /// <param name="access">Credentials and limits.</param>
    /// <param name="onEvent">Called on the reading thread; must not block.</param>
    /// <param name="stop">Cancels the attempt.</param>
    /// <exception cref="IOException">The Sentinel rejected the credentials or closed the connection.</exception>
    /// <exception cref="SocketException">The address is unreachable or its name unknown.</exception>
    /// <exception cref="TimeoutException">Connecting or authenticating took too long.</exception>
    public static async Task<SentinelConnection> OpenAsync(
        HostEndpoint endpoint, SentinelAccess access, Action<SentinelEvent> onEvent, CancellationToken stop)
    {
        RespConnection? commands = null;
        RespConnection? events = null;
        try
        {
            commands = await DialAsync(endpoint, access, onEvent, stop);
            RespValue[] greeting = await GreetAsync(commands, access, [["HELLO", "3"], ["SENTINEL", "MYID"]], stop);
            bool isResp3 = !greeting[0].IsError;
            if (!isResp3)
            {
                events = await DialAsync(endpoint, access, onEvent, stop);
                await GreetAsync(events, access, [], stop);
            }

            RespValue[] subscribed = await (events ?? commands).AskAsync([Subscribe], access.AnswerTimeout, stop);
            string id = greeting[1].IsError ? "" : greeting[1].Text;
            return new SentinelConnection(commands, events, access, id)
            {
                EventsRefused = subscribed[0].IsError ? subscribed[0].Text : "",
            };
        }
        catch
        {
            await DisposeAsync(commands);
            await DisposeAsync(events);
            throw;
        }
    }

    /// <summary>Sends all requests in one write. A separate event connection must reply, too: half open, it would lose events.</summary>
    public async Task<RespValue[]> AskAsync(IReadOnlyList<string[]> requests, CancellationToken stop)
    {
        Task<RespValue[]> answers = _commands.AskAsync(requests, _access.AnswerTimeout, stop);
        Task pong = _events is null ? Task.CompletedTask : _events.AskAsync([Ping], _access.AnswerTimeout, stop);
        await Task.WhenAll(answers, pong);
        return await answers;
    }

    /// <summary>Sends a PING, whose reply arrives after every event published before it.</summary>
    public Task PingAsync(CancellationToken stop) => AskAsync([Ping], stop);

    public async ValueTask DisposeAsync()
    {
        await DisposeAsync(_commands);
        await DisposeAsync(_events);
    }

    private static ValueTask DisposeAsync(RespConnection? connection) => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<RespConnection> DialAsync(
        HostEndpoint endpoint, SentinelAccess access, Action<SentinelEvent> onEvent, CancellationToken stop)
    {
        Exception? failure = null;
        foreach (IPAddress address in await ResolveAsync(endpoint, access, stop))
        {
            try
            {
                return await RespConnection.ConnectAsync(
                    new IPEndPoint(address, endpoint.Port), access.Socket, access.Context.Time, push => Relay(push, onEvent), stop,
                    endpoint.Host);
            }
            catch (Exception e) when (e is SocketException or TimeoutException)
            {
                failure = e; // Try the next address: a name like localhost often has one that nobody listens on.
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<IPAddress[]> ResolveAsync(HostEndpoint endpoint, SentinelAccess access, CancellationToken stop)
    {
        if (endpoint.Address is { } address)
        {
            return [address];
        }

        using var limit = new TimeLimit(access.Socket.ConnectTimeout, access.Context.Time, stop);
        return await limit.ApplyToAsync(access.Context.Resolve(endpoint.Host, limit.Token), $"no address of '{endpoint.Host}'");
    }

    private static void Relay(RespValue push, Action<SentinelEvent> onEvent)
    {
        if (push.Items is [_, _, var channel, var payload])
        {
            onEvent(new SentinelEvent(channel.Text, payload.Text));
        }
    }

    /// <returns>The replies to <paramref name="requests"/>.</returns>
    private static async Task<RespValue[]> GreetAsync(
        RespConnection connection, SentinelAccess access, string[][] requests, CancellationToken stop)
    {
        ServerGreeting greeting = access.Greeting;
        RespValue[] replies = await connection.AskAsync([.. greeting.Requests, .. requests], access.AnswerTimeout, stop);
        int said = greeting.Requests.Length;
        RespValue[] rest = replies[said..];
        string? refusal = greeting.RefusalIn(replies) ?? rest.Concat(replies[..said]).FirstOrDefault(DemandsPassword)?.Text;
        return refusal is null ? rest : throw new IOException(refusal);
    }

    private static bool DemandsPassword(RespValue reply) => reply.IsError && reply.Text.StartsWith("NOAUTH", StringComparison.Ordinal);
}
