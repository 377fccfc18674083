using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>
/// Which replicas are fit to take over, or to be read from. A failover makes all of them unfit for some seconds, and is a message of its
/// own; so only what has lasted for a while, under a serving master, is reported.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">See <see cref="Notifications.OnReplica"/>: it reports each change once.</param>
internal sealed class ReplicaFitness(TimeProvider time, Action<string, HostEndpoint, bool, string> tell)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly ReplicaOptions Limits = new();

    private readonly Dictionary<(string Master, HostEndpoint Replica), long> _unfitSince = [];

    /// <summary>Checks the replicas of one master.</summary>
    public void Look(TopologyView master, ReplicationView replication)
    {
        string name = master.MasterName;
        if (master.Availability != Availability.Available)
        {
            // Present problems begin to count when a master serves again.
            Forget(name, []);
            return;
        }

        Forget(name, [.. replication.Replicas.Select(replica => replica.Endpoint)]);
        foreach (ReplicaState replica in replication.Replicas.Where(replica => replica.WasLookedAt))
        {
            string? objection = ReplicaHealth.Objection(replica, master, Limits, mayLackLink: false);
            if (objection is null)
            {
                _unfitSince.Remove((name, replica.Endpoint));
                tell(name, replica.Endpoint, true, "all checks pass");
            }
            else
            {
                _unfitSince.TryAdd((name, replica.Endpoint), time.GetTimestamp());
                if (time.GetElapsedTime(_unfitSince[(name, replica.Endpoint)]) >= Patience)
                {
                    tell(name, replica.Endpoint, false, objection);
                }
            }
        }
    }

    private void Forget(string master, HostEndpoint[] but)
    {
        foreach ((string Master, HostEndpoint Replica) key in _unfitSince.Keys.Where(key => key.Master == master).ToArray())
        {
            if (!but.Contains(key.Replica))
            {
                _unfitSince.Remove(key);
            }
        }
    }
}
