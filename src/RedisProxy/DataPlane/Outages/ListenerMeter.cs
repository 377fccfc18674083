using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// The counters of one listener, read for outages. Nothing is counted for it while requests are served: it compares what the loops count
/// anyway with what they had counted before.
/// </summary>
internal sealed class ListenerMeter(string name, IReadOnlyList<SessionListener> parts)
{
    // They left in peace, or go on in another process.
    private static readonly EndCause[] OfClients = [EndCause.None, EndCause.ClientClosed, EndCause.Quit, EndCause.HandedOver];
    private static readonly EndCause[] Causes = [.. Enum.GetValues<EndCause>().Except(OfClients)];
    private static readonly SessionPhase[] Waits = [SessionPhase.Draining, SessionPhase.Holding, SessionPhase.Retargeting];

    public string Name => name;

    /// <summary>It has had a master at some time.</summary>
    public bool HasServed { get; set; }

    /// <summary>Sessions that wait for a master, or for their connection to it.</summary>
    public long Waiting => Waits.Sum(phase => Sum(counters => counters.Phases[(int)phase]));

    public long Serving => Sum(static counters => counters.Phases[(int)SessionPhase.Serving]);

    /// <summary>What has been counted so far.</summary>
    public RequestCost Read() => new(
        Sum(static counters => counters.HeldRequests),
        parts.Max(static part => Volatile.Read(ref part.Counters.LongestHoldMs)) / 1000.0,
        Sum(static counters => counters.ProxyReplies[(int)Outcome.NotExecuted]),
        Sum(static counters => counters.ProxyReplies[(int)Outcome.Unknown]),
        Sum(static counters => counters.Resent),
        Causes.ToDictionary(static cause => Labels.Of(cause), cause => Sum(counters => counters.Ended[(int)cause])));

    /// <summary>What has been counted since. Nothing, if the listener has been removed and added again, and counts from 0.</summary>
    public RequestCost Since(RequestCost before)
    {
        RequestCost now = Read();
        return new RequestCost(
            Math.Max(0, now.Held - before.Held),
            now.LongestWaitSeconds,
            Math.Max(0, now.NotExecuted - before.NotExecuted),
            Math.Max(0, now.Unknown - before.Unknown),
            Math.Max(0, now.Resent - before.Resent),
            now.SessionsEnded
                .Select(ended => KeyValuePair.Create(ended.Key, ended.Value - before.SessionsEnded.GetValueOrDefault(ended.Key)))
                .Where(static ended => ended.Value > 0)
                .ToDictionary());
    }

    /// <summary>Waits that end from now on are compared with each other only. Does not wait for the loops.</summary>
    public void ForgetLongestWait()
    {
        foreach (SessionListener part in parts)
        {
            part.Gate.Loop.Post(static counters => ((SessionCounters)counters!).LongestHoldMs = 0, part.Counters);
        }
    }

    /// <summary>Completes when each loop has done everything that was posted to it before.</summary>
    public Task CatchUpAsync() => Task.WhenAll(parts.Select(static part => part.Gate.Loop.InvokeAsync(static () => true)));

    private long Sum(Func<SessionCounters, long> read) => parts.Sum(part => read(part.Counters));
}
