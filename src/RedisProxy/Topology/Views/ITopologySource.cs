using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>Where views of one master come from: Sentinels, or one configured server.</summary>
internal interface ITopologySource
{
    /// <summary>The newest view; never null. Any thread.</summary>
    TopologyView Current { get; }

    /// <summary>The failovers of this master since the start. Any thread.</summary>
    FailoverHistory Failovers { get; }

    /// <summary>Round trip of the last answered probe; null before the first answer. Any thread.</summary>
    TimeSpan? ProbeRoundTrip { get; }

    /// <summary>
    /// A session has a reason to doubt the master: its backend connection ended, was refused, or answered READONLY. The master and
    /// every Sentinel are asked again at once, rate-limited. Any thread; never blocks.
    /// </summary>
    /// <returns>The number of this suspicion, see <see cref="TopologyView.CoversSuspicion"/>.</returns>
    long Suspect(SuspicionReason reason);

    /// <summary>
    /// A replica has been promoted, and the former master made its replica: the replica is the master, whatever the Sentinels report yet.
    /// Any thread.
    /// </summary>
    /// <param name="replica">As the Sentinels announce it.</param>
    void OnPromoted(HostEndpoint replica)
    {
    }

    /// <summary>This process is about to move the master on demand, or has ended doing so. Any thread.</summary>
    void OnDemand(bool isUnderWay)
    {
    }

    /// <summary>How long its views may be acted upon; null without Sentinel, where only the server itself knows its state.</summary>
    Lease? Lease => null;

    /// <summary>Runs the action once everything posted to the source before this call has been published to its observers.</summary>
    void AfterAll(Action action) => action();

    /// <summary>The observer receives every view from now on, in order, one at a time; the current one first.</summary>
    void Subscribe(ITopologyObserver observer);
}

/// <summary>Receives the views of one master, on a thread of the control plane. Must not block.</summary>
internal interface ITopologyObserver
{
    void OnTopology(TopologyView view);
}

/// <summary>Why a session doubts its master.</summary>
internal enum SuspicionReason
{
    /// <summary>The backend closed or reset the connection.</summary>
    ConnectionLost,

    /// <summary>A connection could not be opened within the time.</summary>
    ConnectFailed,

    /// <summary>The server answered that it is no master, or not one yet: READONLY, LOADING, MASTERDOWN, REDIRECT.</summary>
    Rejected,
}
