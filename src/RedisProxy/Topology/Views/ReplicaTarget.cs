using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// A server for the sessions of one replica listener, from its admission to its removal. Shared by the loops: each counts its sessions
/// here, so that the load is balanced over all of them.
/// </summary>
/// <param name="announced">Its address as Sentinel announces it.</param>
/// <param name="address">Where it is reached from here.</param>
/// <param name="generation">Of this admission; unique among the listener's targets.</param>
/// <param name="weight">Its share; 0: only when there is no other.</param>
internal sealed class ReplicaTarget(HostEndpoint announced, IPEndPoint address, long generation, int weight)
{
    // A replica that starts slowly has this part of its share at once; with none at all it would never be measured.
    private const double MinShare = 0.1;

    private const double Least = 1e-6;

    private readonly long _admittedAt;
    private readonly TimeProvider? _time;
    private readonly TimeSpan _slowStart;
    private int _sessions;

    /// <param name="announced">Its address as Sentinel announces it.</param>
    /// <param name="address">Where it is reached from here.</param>
    /// <param name="generation">Of this admission.</param>
    /// <param name="weight">Its share.</param>
    /// <param name="slowStart">Its share grows over this time, from now on.</param>
    /// <param name="time">The clock.</param>
    public ReplicaTarget(
        HostEndpoint announced, IPEndPoint address, long generation, int weight, TimeSpan slowStart, TimeProvider time)
        : this(announced, address, generation, weight)
    {
        _slowStart = slowStart;
        _time = time;
        _admittedAt = time.GetTimestamp();
    }

    public HostEndpoint Announced => announced;

    public IPEndPoint Address => address;

    public long Generation => generation;

    public int Weight => weight;

    /// <summary>At present, over all loops, connecting ones included.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Sessions per unit of its share, with one more. The next session goes where this is least.</summary>
    public double LoadWithOneMore => (Sessions + 1) / Share;

    /// <summary>Its weight, or the part of it reached by now. Never zero: a target without weight comes last.</summary>
    public double Share => Math.Max(weight, Least) * Ramp;

    private double Ramp => _time is null || _slowStart <= TimeSpan.Zero
        ? 1
        : Math.Clamp(_time.GetElapsedTime(_admittedAt) / _slowStart, MinShare, 1);

    public void Enter() => Interlocked.Increment(ref _sessions);

    public void Leave() => Interlocked.Decrement(ref _sessions);

    public override string ToString() => $"{announced}";
}
