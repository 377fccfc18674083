using System.Net;

using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>One server polled by a <see cref="ReplicaWatch"/>, and its last answer. Its state belongs to the watch's inbox.</summary>
internal sealed class WatchedServer(ServerConnection connection) : IAsyncDisposable
{
    private static readonly string[] Info = ["INFO"];

    private volatile bool _isGivenUp;
    private Task? _closing;
    private TimeSpan? _lookedAgainAt;

    public IPEndPoint Address => connection.Address;

    /// <summary>A poll is in progress; the connection must not be used for anything else.</summary>
    public bool IsAsked { get; set; }

    /// <summary>Null when the last poll was not answered.</summary>
    public ReplicationFacts? Facts { get; set; }

    public string Failure { get; set; } = "";

    public bool WasLookedAt => Facts is not null || Failure.Length > 0;

    /// <summary>The newest suspicion raised before the last poll began.</summary>
    public long Covers { get; set; }

    /// <summary>Full syncs seen to begin.</summary>
    public long FullSyncs { get; set; }

    public long? LagBytes { get; private set; }

    public TimeSpan? LagTime { get; private set; }

    /// <param name="closing">Completes when the connection of the last poll closes.</param>
    /// <returns>False: it was taken before.</returns>
    public bool TryTakeClosing(out Task closing)
    {
        closing = connection.Closed;
        bool isNew = closing != _closing;
        _closing = closing;
        return isNew;
    }

    /// <summary>The connection was closed. A server that closes every connection is not asked all the time.</summary>
    public bool MayLookAgain(TimeSpan now, TimeSpan spacing)
    {
        if (now - _lookedAgainAt < spacing)
        {
            return false;
        }

        _lookedAgainAt = now;
        return true;
    }

    public void Lag(WriteProgress master, TimeSpan now)
    {
        LagBytes = Facts is { Offset: { } offset } && master.Newest is { } newest ? Math.Max(0, newest - offset) : null;
        LagTime = LagBytes is null ? null : master.LagOf(Facts!.Offset!.Value, now);
    }

    /// <summary>Any thread; does not throw.</summary>
    public async Task<(ReplicationFacts? Facts, string Failure)> LookAsync()
    {
        try
        {
            // In one round trip also on a new connection: this may be the look that finds a promotion.
            ServerLook look = await connection.LookAsync([Info], CancellationToken.None);
            RespValue info = look.Replies[0];
            return look.Refusal is { } refusal ? (null, $"{connection.Announced} does not answer INFO: {refusal}")
                : info.IsError ? (null, $"{connection.Announced} answers INFO: {info.Text}")
                : (ReplicationFacts.Read(ServerConnection.ReadInfo(info)), "");
        }
        catch (ServerException failure)
        {
            return (null, failure.Message);
        }
        finally
        {
            if (_isGivenUp)
            {
                await connection.DisposeAsync();
            }
        }
    }

    /// <summary>A poll in progress completes and leaves no connection behind.</summary>
    public ValueTask DisposeAsync()
    {
        _isGivenUp = true;
        return connection.DisposeAsync();
    }
}
