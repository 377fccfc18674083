using System.Net.Sockets;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>
/// Keeps one connection to one Sentinel, for ever: connects, subscribes, asks about all watched masters at the poll interval and
/// whenever kicked, and reconnects when the connection ends or an answer is missing. Everything it receives goes to its owner.
/// <para>It judges nothing, remembers nothing, and never gives up; it ends when stopped. One task; kicks from any thread.</para>
/// </summary>
internal sealed class SentinelLink(HostEndpoint endpoint, SentinelQuestions questions, SentinelAccess access, ISentinelLinkOwner owner)
{
    /// <summary>Lists are long and rarely change.</summary>
    private const int RoundsPerFullRound = 10;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);

    private readonly PollPacer _pacer = new(access.Context.Time);
    private readonly SentinelDistance _distance = new();
    private readonly Backoff _backoff = new(FirstPause, MaxPause);
    private readonly ILogger _logger = access.Context.Loggers.CreateLogger<SentinelLink>();
    private bool _listsAreOld;

    public HostEndpoint Endpoint => endpoint;

    /// <summary>Ask now, but not more often than the pacer allows.</summary>
    /// <param name="isUrgent">The answer has changed, rather than might have.</param>
    public void Kick(bool isUrgent)
    {
        if (isUrgent)
        {
            _pacer.KickUrgently();
        }
        else
        {
            _pacer.Kick();
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            string reason = await ServeAsync(stop);
            owner.OnClosed(this, reason);
            await Task.Delay(_backoff.Next(), access.Context.Time, stop);
        }
    }

    /// <summary>One connection, from its beginning to its end.</summary>
    /// <returns>Why it ended.</returns>
    private async Task<string> ServeAsync(CancellationToken stop)
    {
        try
        {
            await using SentinelConnection connection = await SentinelConnection.OpenAsync(endpoint, access, Hear, stop);
            SentinelLog.SentinelGreeted(_logger, endpoint, connection.Id, connection.IsResp3 ? 3 : 2);
            if (connection.EventsRefused.Length > 0)
            {
                SentinelLog.EventsRefused(_logger, endpoint, connection.EventsRefused);
            }

            owner.OnOpened(this, connection.Id);
            return await AskUntilClosedAsync(connection, stop);
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            return failure.Message;
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            ActorLog.MessageFailed(_logger, failure);
            return failure.Message;
        }
    }

    private async Task<string> AskUntilClosedAsync(SentinelConnection connection, CancellationToken stop)
    {
        _pacer.Begin();
        for (int round = 0; !connection.Closed.IsCompleted; round++)
        {
            bool isFull = Interlocked.Exchange(ref _listsAreOld, false) || round % RoundsPerFullRound == 0;
            long asOf = access.Context.Time.GetTimestamp();
            RespValue[] replies = await connection.AskAsync(questions.Ask(isFull), stop);
            if (round > 0)
            {
                _backoff.Reset(); // A Sentinel that closes every connection after its first answer is no success.
            }

            owner.OnRound(this, questions.Read(replies, isFull) with { AskedAt = asOf });
            OnAnswered(connection, asOf);
            await BeatUntilNextRoundAsync(connection, asOf, stop);
        }

        return await connection.Closed;
    }

    /// <summary>
    /// Between two rounds the Sentinel is only pinged, as long as none of its events can have been missed. After a gap it is asked about
    /// everything, because the outcome of its events is unknown.
    /// </summary>
    private async Task BeatUntilNextRoundAsync(SentinelConnection connection, long heardAsOf, CancellationToken stop)
    {
        TimeProvider time = access.Context.Time;
        Task next = _pacer.NextAsync(Backoff.WithJitter(access.Options.PollInterval), connection.Closed, stop);
        try
        {
            while (!owner.Lease.IsResting && await Task.WhenAny(next, Task.Delay(UntilNextBeat(heardAsOf), time, stop)) != next)
            {
                long asOf = time.GetTimestamp();
                if (time.GetElapsedTime(heardAsOf, asOf) > Lease.Term + _distance.Best)
                {
                    _pacer.KickUrgently();
                    return;
                }

                await connection.PingAsync(stop);
                OnAnswered(connection, asOf);
                heardAsOf = asOf;
            }
        }
        finally
        {
            await next;
        }
    }

    private TimeSpan UntilNextBeat(long asOf)
    {
        TimeSpan rest = Lease.Beat - access.Context.Time.GetElapsedTime(asOf);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    private void OnAnswered(SentinelConnection connection, long asOf)
    {
        if (_distance.Add(access.Context.Time.GetElapsedTime(asOf) - connection.SinceReceived))
        {
            SentinelLog.SentinelDistance(_logger, endpoint, _distance);
        }

        owner.OnHeard(this, asOf, _distance.IsFar);
    }

    private void Hear(SentinelEvent news)
    {
        if (news.ChangesLists)
        {
            Interlocked.Exchange(ref _listsAreOld, true);
        }

        owner.OnEvent(this, news);
    }
}

/// <summary>The owner of a link to a Sentinel. Called on the link's thread.</summary>
internal interface ISentinelLinkOwner
{
    /// <summary>Knows whether any loop needs the Sentinel's answers.</summary>
    Lease Lease { get; }

    /// <summary>Connected, and this is the Sentinel's id.</summary>
    void OnOpened(SentinelLink link, string id);

    void OnClosed(SentinelLink link, string reason);

    /// <summary>It has answered all questions.</summary>
    void OnRound(SentinelLink link, SentinelRound round);

    /// <summary>It has answered a question asked at this time, so everything it published before has arrived.</summary>
    /// <param name="asOf">A timestamp of the clock.</param>
    /// <param name="isFar">Its answers take too long to be waited for.</param>
    void OnHeard(SentinelLink link, long asOf, bool isFar);

    void OnEvent(SentinelLink link, SentinelEvent news);
}
