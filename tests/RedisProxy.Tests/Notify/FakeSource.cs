using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Notify;

/// <summary>A source whose views a test writes.</summary>
internal sealed class FakeSource : ITopologySource
{
    public static readonly IPEndPoint A = new(IPAddress.Parse("10.0.0.1"), 6379);
    public static readonly IPEndPoint B = new(IPAddress.Parse("10.0.0.2"), 6379);
    public static readonly IPEndPoint C = new(IPAddress.Parse("10.0.0.3"), 6379);

    private readonly List<ITopologyObserver> _observers = [];

    public FakeSource(string name = "m") => Current = new TopologyView { MasterName = name };

    public TopologyView Current { get; private set; }

    public FailoverHistory Failovers { get; } = new();

    public TimeSpan? ProbeRoundTrip => null;

    /// <summary>What the Sentinels say in the views to come.</summary>
    public IReadOnlyList<SentinelOpinion> Sentinels { get; set; } = [];

    public long Suspect(SuspicionReason reason) => 0;

    public void Subscribe(ITopologyObserver observer)
    {
        _observers.Add(observer);
        observer.OnTopology(Current);
    }

    public void Show(Availability availability, IPEndPoint? master = null, string reason = "")
    {
        IPEndPoint? address = master ?? Current.Master?.Address;
        Current = Current with
        {
            Availability = availability,
            Generation = address?.Equals(Current.Master?.Address) == true ? Current.Generation : Current.Generation + 1,
            Master = address is null ? null : new MasterNode(Announced(address), address),
            Reason = reason,
            Sentinels = Sentinels,
        };
        _observers.ForEach(observer => observer.OnTopology(Current));
    }

    /// <summary>Under a name that is not its address, as where Sentinel announces host names.</summary>
    public static HostEndpoint Announced(IPEndPoint address) => new($"redis-{address.Address.GetAddressBytes()[3]}", address.Port);

    public static SentinelOpinion Opinion(int number, bool isConnected = true, string flags = "master") => new(
        new HostEndpoint($"s{number}", 26379), isConnected, Announced(A), 1, flags, "");

    public static FailoverRecord Record(
        FailoverKind kind, IPEndPoint old, IPEndPoint now, DateTimeOffset firstSignAt, TimeSpan? available = null) => new()
        {
            Kind = kind,
            FirstSignAt = firstSignAt,
            AcceptedAfter = kind == FailoverKind.Restart ? null : TimeSpan.FromMilliseconds(900),
            AvailableAfter = available,
            Old = old,
            New = now,
            Epoch = 7,
            Who = "s1, s2",
        };
}
