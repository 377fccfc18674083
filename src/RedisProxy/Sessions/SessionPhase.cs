using System.Diagnostics;

namespace RedisProxy.Sessions;

/// <summary>The phase of a session. One field of the session holds it; one gauge per phase counts them.</summary>
internal enum SessionPhase : byte
{
    /// <summary>New; its first backend connection is wanted or in progress.</summary>
    Opening,

    /// <summary>It has a backend of the current generation, and requests are forwarded.</summary>
    Serving,

    /// <summary>It has a backend, but nothing new is sent: a planned failover or an outage has begun. Replies still arrive.</summary>
    Draining,

    /// <summary>It has no backend, and there is no master to connect to.</summary>
    Holding,

    /// <summary>It is getting a new backend: waiting for a permit, connecting, replaying its state.</summary>
    Retargeting,

    Ended,
}

internal static class SessionPhases
{
    public const int Count = (int)SessionPhase.Ended + 1;

    /// <summary>The phase of a living session.</summary>
    public static SessionPhase Next(SessionPhase now, bool hasLink, bool isServing, bool mayConnect)
    {
        if (hasLink)
        {
            return isServing ? SessionPhase.Serving : SessionPhase.Draining;
        }

        return !mayConnect ? SessionPhase.Holding : now == SessionPhase.Opening ? SessionPhase.Opening : SessionPhase.Retargeting;
    }

    [Conditional("DEBUG")]
    public static void AssertTransition(SessionPhase from, SessionPhase to) =>
        Debug.Assert(IsAllowed(from, to), $"a session cannot go from {from} to {to}");

    public static bool IsAllowed(SessionPhase from, SessionPhase to) => (from, to) switch
    {
        (SessionPhase.Ended, _) => false,
        (_, SessionPhase.Ended) => true,
        (SessionPhase.Opening, SessionPhase.Serving or SessionPhase.Draining or SessionPhase.Holding) => true,
        (SessionPhase.Serving, SessionPhase.Draining or SessionPhase.Holding or SessionPhase.Retargeting) => true,
        (SessionPhase.Draining, SessionPhase.Serving or SessionPhase.Holding or SessionPhase.Retargeting) => true,

        // To draining: the gate was shut while it connected. To serving: it has no need of a link.
        (SessionPhase.Holding, SessionPhase.Retargeting or SessionPhase.Draining or SessionPhase.Serving) => true,
        (SessionPhase.Retargeting, SessionPhase.Serving or SessionPhase.Draining or SessionPhase.Holding) => true,
        _ => false,
    };
}
