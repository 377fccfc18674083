using System.Net;

using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>One server polled by a <see cref="ReplicaWatch"/>, and its last answer. Its state belongs to the watch's inbox.</summary>
internal sealed class WatchedServer(ServerConnection connection) : IAsyncDisposable
{
    private volatile bool _isGivenUp;

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
            return (ReplicationFacts.Read(ServerConnection.ReadInfo(await connection.AskTwiceAsync("INFO"))), "");
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
