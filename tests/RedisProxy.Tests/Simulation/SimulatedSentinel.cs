using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>One Sentinel: what it believes, says and announces. What it believes is changed by <see cref="SentinelGroup"/>.</summary>
internal sealed class SimulatedSentinel(World world, int number, SimulatedRedis master)
{
    public const string MasterName = "mymaster";

    private readonly SortedSet<string> _flags = new(StringComparer.Ordinal) { "master" };

    public HostEndpoint Endpoint { get; } = new(FormattableString.Invariant($"10.0.1.{number}"), 26379);

    public int Number => number;

    /// <summary>What it answers to get-master-addr-by-name.</summary>
    public SimulatedRedis Master { get; set; } = master;

    /// <summary>What its flags are about: on the leader of a failover the old master, until the end.</summary>
    public SimulatedRedis Described { get; private set; } = master;

    public long Epoch { get; set; } = 1;

    /// <summary>From the proxy.</summary>
    public bool IsReachable { get; set; } = true;

    public Action<SimulatedSentinel, SentinelEvent> OnEvent { get; set; } = (_, _) => { };

    public SentinelAnswer Answer() => new()
    {
        Master = ToEndpoint(Master),
        Described = ToEndpoint(Described),
        Epoch = Epoch,
        Flags = string.Join(',', _flags),
        Quorum = 2,
    };

    public void Flag(string flag, bool isSet)
    {
        world.Note("flag " + flag, number, isSet ? 1 : 0);
        if (isSet)
        {
            _flags.Add(flag);
        }
        else
        {
            _flags.Remove(flag);
        }
    }

    /// <summary>+switch-master: from now on everything it says is about this one.</summary>
    public void Switch(SimulatedRedis to, long epoch)
    {
        (SimulatedRedis from, Master, Described, Epoch) = (Described, to, to, epoch);
        _flags.Clear();
        _flags.Add("master");
        Publish("+switch-master", $"{MasterName} {Words(from)} {Words(to)}");
    }

    public void PublishAbout(string name, SimulatedRedis about) => Publish(name, $"master {MasterName} {Words(about)}");

    public void PublishAboutReplica(string name, SimulatedRedis replica, SimulatedRedis master) =>
        Publish(name, $"slave {replica.Address} {Words(replica)} @ {MasterName} {Words(master)}");

    private void Publish(string name, string payload)
    {
        world.Note(name, number);
        if (IsReachable)
        {
            OnEvent(this, new SentinelEvent(name, payload));
        }
    }

    private static HostEndpoint ToEndpoint(SimulatedRedis node) => new(node.Address.Address.ToString(), node.Address.Port);

    private static string Words(SimulatedRedis node) =>
        node.Address.Address + " " + node.Address.Port.ToString(CultureInfo.InvariantCulture);
}
