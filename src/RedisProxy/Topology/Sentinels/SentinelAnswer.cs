using System.Globalization;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>
/// One Sentinel's answer about one master in one round. The address comes from <c>get-master-addr-by-name</c>, where the leader of a
/// failover reports the new one as soon as it is promoted. Epoch and flags come from <c>SENTINEL MASTER</c>: the epoch is raised at the
/// promotion, too, but the flags describe <see cref="Described"/>, which on the leader stays the old master until <c>+switch-master</c>.
/// </summary>
internal sealed record SentinelAnswer
{
    /// <summary>As announced; null when <see cref="Error"/> gives the reason.</summary>
    public HostEndpoint? Master { get; init; }

    public long Epoch { get; init; }

    /// <summary>Comma-separated, as on the wire.</summary>
    public string Flags { get; init; } = "";

    /// <summary>The master that <see cref="Flags"/> describe, as announced.</summary>
    public HostEndpoint? Described { get; init; }

    public int Quorum { get; init; }

    /// <summary>The Sentinel answers, but knows no master of this name.</summary>
    public bool IsUnknownName { get; init; }

    public string Error { get; init; } = "";

    public bool SaysSubjectivelyDown => HasFlag("s_down");

    public bool SaysObjectivelyDown => HasFlag("o_down");

    public bool SaysFailingOver => HasFlag("failover_in_progress");

    /// <summary>Its answers from its event <c>+odown</c> on.</summary>
    public SentinelAnswer AfterObjectivelyDown => SaysObjectivelyDown ? this : this with { Flags = $"{Flags},o_down" };

    /// <param name="master">The reply to <c>SENTINEL MASTER name</c>.</param>
    /// <param name="address">The reply to <c>SENTINEL GET-MASTER-ADDR-BY-NAME name</c>, asked after it.</param>
    public static SentinelAnswer Read(RespValue master, RespValue address)
    {
        if (master.IsError)
        {
            return new SentinelAnswer
            {
                Error = master.Text,
                IsUnknownName = master.Text.Contains("No such master", StringComparison.OrdinalIgnoreCase),
            };
        }

        if (address.IsError || address.Items.Count != 2)
        {
            return new SentinelAnswer { Error = address.IsError ? address.Text : "no address", IsUnknownName = !address.IsError };
        }

        Dictionary<string, string> fields = master.ToFields();
        HostEndpoint? announced = HostEndpoint.ReadAnnounced(address.Items[0].Text, address.Items[1].Text);
        return new SentinelAnswer
        {
            Master = announced,
            Epoch = ReadNumber(fields, "config-epoch"),
            Flags = fields.GetValueOrDefault("flags", ""),
            Described = ReadEndpoint(fields),
            Quorum = (int)Math.Clamp(ReadNumber(fields, "quorum"), 0, int.MaxValue),
            Error = announced is null ? "not a valid address" : "",
        };
    }

    public static HostEndpoint? ReadEndpoint(IReadOnlyDictionary<string, string> fields) =>
        HostEndpoint.ReadAnnounced(fields.GetValueOrDefault("ip", ""), fields.GetValueOrDefault("port", ""));

    private static long ReadNumber(Dictionary<string, string> fields, string name) =>
        long.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private bool HasFlag(string flag) => Array.IndexOf(Flags.Split(','), flag) >= 0;
}

/// <summary>Another Sentinel, as one lists it.</summary>
/// <param name="Id">Its <c>runid</c> there, which is its own answer to <c>SENTINEL MYID</c>.</param>
/// <param name="Address">As announced.</param>
/// <param name="IsDown">The Sentinel that lists it cannot reach it.</param>
internal sealed record ListedSentinel(string Id, HostEndpoint Address, bool IsDown);

/// <summary>What one Sentinel lists for one master, as announced; instances that are down included.</summary>
internal sealed record SentinelLists(IReadOnlyList<ListedSentinel> Sentinels, IReadOnlyList<HostEndpoint> Replicas)
{
    public static SentinelLists Empty { get; } = new([], []);

    /// <summary>Those of <see cref="Replicas"/> that this Sentinel cannot reach.</summary>
    public IReadOnlyList<HostEndpoint> DownReplicas { get; private init; } = [];

    public static SentinelLists Read(RespValue sentinels, RespValue replicas)
    {
        (string Id, HostEndpoint Address, bool IsDown)[] found = [.. ReadInstances(replicas)];
        return new SentinelLists(
            [.. ReadInstances(sentinels).Select(sentinel => new ListedSentinel(sentinel.Id, sentinel.Address, sentinel.IsDown))],
            [.. found.Select(replica => replica.Address)])
        {
            DownReplicas = [.. found.Where(replica => replica.IsDown).Select(replica => replica.Address)],
        };
    }

    private static IEnumerable<(string Id, HostEndpoint Address, bool IsDown)> ReadInstances(RespValue reply)
    {
        foreach (RespValue item in reply.Items)
        {
            Dictionary<string, string> fields = item.ToFields();
            if (SentinelAnswer.ReadEndpoint(fields) is { } address)
            {
                bool isDown = fields.GetValueOrDefault("flags", "").Split(',').Contains("s_down");
                yield return (fields.GetValueOrDefault("runid", ""), address, isDown);
            }
        }
    }
}
