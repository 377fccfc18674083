using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>May a replica serve reading clients? Pure rules.</summary>
internal static class ReplicaHealth
{
    /// <param name="replica">Of the newest view.</param>
    /// <param name="master">The present master.</param>
    /// <param name="options">How far behind it may be.</param>
    /// <param name="mayLackLink">
    /// It is serving, and the master is down or has just been replaced: then every replica's link is down, and this one's data is as
    /// good as before.
    /// </param>
    /// <returns>The objection, for the log; null when it may serve.</returns>
    public static string? Objection(ReplicaState replica, TopologyView master, ReplicaOptions options, bool mayLackLink)
    {
        if (replica.Facts is not { } facts || replica.Address is null)
        {
            return replica.Failure.Length > 0 ? replica.Failure : "it has not been checked yet";
        }

        if (replica.IsDown)
        {
            return "most of the Sentinels report it down";
        }

        if (facts.IsMaster || replica.Address.Equals(master.Master?.Address))
        {
            return "it is a master";
        }

        if (facts.IsLoading)
        {
            return "it is loading its data";
        }

        if (facts.IsSyncing)
        {
            return "it is in a full sync";
        }

        if (!mayLackLink && !facts.IsLinkUp)
        {
            return "its link to the master is down";
        }

        if (!mayLackLink && replica.MasterAddress is { } copied && !copied.Equals(master.Master?.Address))
        {
            return $"it replicates from {copied}, which is not the master";
        }

        return Lag(replica, options);
    }

    private static string? Lag(ReplicaState replica, ReplicaOptions options) =>
        replica.LagBytes > options.MaxLagBytes ? $"it is {replica.LagBytes} bytes behind the master"
        : options.MaxLagSeconds > 0 && replica.Lag?.TotalSeconds > options.MaxLagSeconds
            ? $"it is {replica.Lag.Value.TotalSeconds:0} s behind the master"
        : null;
}
