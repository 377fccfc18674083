using System.Globalization;
using System.Numerics;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>A replica as <c>SENTINEL REPLICAS</c> lists it.</summary>
/// <param name="Announced">Its address.</param>
/// <param name="Flags">As Sentinel writes them.</param>
/// <param name="IsLinked">To the master.</param>
/// <param name="Priority">Sentinel prefers the lowest; 0: it never promotes it.</param>
/// <param name="DownFor">So long that Sentinel has taken it for down; meaningless if it does not.</param>
internal sealed record ListedReplica(HostEndpoint Announced, string Flags, bool IsLinked, int Priority, TimeSpan DownFor)
{
    // redis.conf, replica-priority.
    private const int DefaultPriority = 100;

    // More than an int has room for, which is 24 days of downtime, and not more than a TimeSpan has.
    private const long LongestMs = uint.MaxValue * 1000L;

    // What is restarted, or moved to another machine, is back by then.
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(30);

    public bool IsUp => Flags == "slave";

    public bool IsDown => Flags.Split(',').Contains("s_down");

    /// <summary>As Sentinel chooses: no replica that is down or disconnected, and none of priority 0.</summary>
    public bool IsEligible => IsUp && IsLinked && Priority > 0;

    /// <summary>
    /// A failover can do without it: it has been down for a while, and Sentinel would not prefer it to the eligible one if it came back at
    /// this moment. Such are the dead replicas that pods with changing IP addresses leave in Sentinel's list.
    /// <para>
    /// It cannot have a write that the promoted replica lacks: every acknowledged one is in the master, which is alive, and the eligible
    /// replicas catch up with that before the order is given. What the dead one alone may have is from a time as a master that has been
    /// over for long, and is lost whoever is promoted. So the only danger is that it returns and is promoted itself, with less than the
    /// others have. Whoever relies on this asks again right before the order.
    /// </para>
    /// </summary>
    /// <param name="best">The lowest priority of those that are eligible; null: there is none.</param>
    public bool CanBeLeftOut(int? best) => IsDown && DownFor >= GoneAfter && (Priority == 0 || Priority >= best);

    /// <summary>For people, of one that is left out.</summary>
    public string Absence => string.Create(
        CultureInfo.InvariantCulture, $"replica {Announced} is left out: down for {DownFor.TotalSeconds:0} s, says Sentinel");

    public static IReadOnlyList<ListedReplica> Read(RespValue reply) =>
        [.. reply.Items.Select(static item => Read(item.ToFields())).OfType<ListedReplica>()];

    private static ListedReplica? Read(Dictionary<string, string> fields)
    {
        if (SentinelAnswer.ReadEndpoint(fields) is not { } announced)
        {
            return null;
        }

        return new ListedReplica(
            announced,
            fields.GetValueOrDefault("flags", ""),
            IsLinked: fields.GetValueOrDefault("master-link-status") == "ok",
            Priority: NumberOf(fields, "slave-priority", DefaultPriority),
            DownFor: TimeSpan.FromMilliseconds(Math.Min(NumberOf(fields, "s-down-time", 0L), LongestMs)));
    }

    private static T NumberOf<T>(Dictionary<string, string> fields, string name, T otherwise)
        where T : struct, IBinaryInteger<T> =>
        T.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out T number) ? number : otherwise;
}
