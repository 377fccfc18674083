using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// A server that sessions of one replica listener may be served by, from its admission to the end of that. Loops share it: each counts its
/// sessions here, so that all together are spread.
/// </summary>
/// <param name="announced">As Sentinel calls it.</param>
/// <param name="address">Where it is reached from here.</param>
/// <param name="generation">Of this admission; no other target of the listener ever has the same.</param>
/// <param name="weight">Its share; 0: only when there is no other.</param>
internal sealed class ReplicaTarget(HostEndpoint announced, IPEndPoint address, long generation, int weight)
{
    // So much of its share a replica has at once when it starts slowly; none at all would never be measured.
    private const double MinShare = 0.1;

    private const double Least = 1e-6;

    private readonly long _admittedAt;
    private readonly TimeProvider? _time;
    private readonly TimeSpan _slowStart;
    private int _sessions;

    /// <param name="announced">As Sentinel calls it.</param>
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

    /// <summary>Now, over all loops, those that are just connecting included.</summary>
    public int Sessions => Volatile.Read(ref _sessions);

    /// <summary>Sessions for each unit of its share, were there one more. Where this is least, the next one goes.</summary>
    public double LoadWithOneMore => (Sessions + 1) / Share;

    /// <summary>Its weight, or the part of it that it has by now. Never nothing: who has no weight comes last.</summary>
    public double Share => Math.Max(weight, Least) * Ramp;

    private double Ramp => _time is null || _slowStart <= TimeSpan.Zero
        ? 1
        : Math.Clamp(_time.GetElapsedTime(_admittedAt) / _slowStart, MinShare, 1);

    public void Enter() => Interlocked.Increment(ref _sessions);

    public void Leave() => Interlocked.Decrement(ref _sessions);

    public override string ToString() => $"{announced}";
}
