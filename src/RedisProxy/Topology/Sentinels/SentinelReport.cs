using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// Everything known of one Sentinel regarding one master. Complete each time, so a newer report simply replaces an older one.
/// </summary>
internal sealed record SentinelReport
{
    /// <summary>Its address, as this process reaches it.</summary>
    public required HostEndpoint Sentinel { get; init; }

    /// <summary>As the Sentinel last reported it, or as it was listed; empty when unknown.</summary>
    public string Id { get; init; } = "";

    /// <summary>It is configured; otherwise it was discovered.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>Connected, and <see cref="Answer"/> came over this connection: it is the Sentinel's present answer.</summary>
    public bool IsReachable { get; init; }

    /// <summary>It has answered, or failed to, at least once since the start.</summary>
    public bool HasSpoken { get; init; }

    /// <summary>Its clock jumped: its down flags mean nothing for a while.</summary>
    public bool IsInTilt { get; init; }

    /// <summary>The last one; null when it never answered.</summary>
    public SentinelAnswer? Answer { get; init; }

    /// <summary>When it was asked for <see cref="Answer"/>: a timestamp of the clock; 0 when it never answered.</summary>
    public long AskedAt { get; init; }

    public SentinelLists Lists { get; init; } = SentinelLists.Empty;

    /// <summary>Why it is not reachable.</summary>
    public string Error { get; init; } = "";

    /// <summary>It is the same Sentinel as another address; its report is counted there.</summary>
    public bool IsKnownOtherwise { get; init; }

    /// <summary>All masters that it knows.</summary>
    public IReadOnlyList<string> MasterNames { get; init; } = [];
}

/// <summary>A report made comparable: its addresses are mapped, resolved, and judged.</summary>
/// <param name="Report">The Sentinel's answer.</param>
/// <param name="Address">Where the master would be; null when the answer cannot be used.</param>
/// <param name="Described">The master that the flags describe; null when unknown.</param>
/// <param name="Objection">Why the answer cannot be used.</param>
internal sealed record SentinelVote(SentinelReport Report, IPEndPoint? Address, IPEndPoint? Described, string Objection)
{
    public HostEndpoint Sentinel => Report.Sentinel;

    public bool IsReachable => Report.IsReachable;

    public long Epoch => Report.Answer?.Epoch ?? 0;

    /// <summary>It monitors other masters, so it has no vote on this one.</summary>
    public bool HasNoSay => Report.Answer is { IsUnknownName: true };

    /// <summary>It names a master that it takes for down itself.</summary>
    public bool DoubtsItsMaster =>
        !Report.IsInTilt && Address is not null && Address.Equals(Described)
            && Report.Answer is { } answer && (answer.SaysSubjectivelyDown || answer.SaysObjectivelyDown);

    public SentinelOpinion ToOpinion() => new(
        Sentinel,
        IsReachable,
        Report.Answer?.Master,
        Epoch,
        Report.Answer?.Flags ?? "",
        Report.Error.Length > 0 ? Report.Error : Objection)
    {
        HasNoSay = HasNoSay,
        IsKnownOtherwise = Report.IsKnownOtherwise,
        Quorum = Report.Answer?.Quorum ?? 0,
    };

    public static SentinelVote Of(SentinelReport report, AddressPolicy policy, Func<string, IPAddress?> resolve)
    {
        IPEndPoint? described = Locate(report.Answer?.Described, policy, resolve);
        if (report.Answer?.Master is not { } announced)
        {
            return new SentinelVote(report, null, described, report.Answer?.Error ?? "");
        }

        IPEndPoint? address = Locate(announced, policy, resolve);
        string? objection = address is null ? $"the address of '{policy.Map(announced).Host}' is not known yet" : policy.Refuse(address);
        return new SentinelVote(report, objection is null ? address : null, described, objection ?? "");
    }

    /// <summary>Where an announced address is reached; null when its name is not resolved.</summary>
    public static IPEndPoint? Locate(HostEndpoint? announced, AddressPolicy policy, Func<string, IPAddress?> resolve)
    {
        HostEndpoint? mapped = announced is null ? null : policy.Map(announced);
        return mapped is not null && resolve(mapped.Host) is { } address ? new IPEndPoint(address, mapped.Port) : null;
    }
}
