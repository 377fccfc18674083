using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>What one look at the master found.</summary>
/// <param name="Generation">Of the master that was looked at.</param>
/// <param name="Verdict">The answer.</param>
/// <param name="Detail">One clause for logs and status.</param>
/// <param name="CoversSuspicion">The newest suspicion that was there before the look began.</param>
internal sealed record ProbeReport(long Generation, ProbeVerdict Verdict, string Detail, long CoversSuspicion)
{
    /// <summary>What the master says of its commands; null when it was not asked, or did not say.</summary>
    public CommandTable? Commands { get; init; }

    /// <summary>It refused a question before the proxy had authenticated.</summary>
    public bool DemandsAuthentication { get; init; }

    public bool IsUp => Verdict == ProbeVerdict.Up;

    /// <summary>It settles whether the master can be used; otherwise one has to look again.</summary>
    public bool IsConclusive => Verdict is not (ProbeVerdict.NoAnswer or ProbeVerdict.NoConnection);

    /// <summary>A master that only does not answer may be busy; that it is lost takes a Sentinel that doubts it, too.</summary>
    /// <param name="signs">What the Sentinels say of it.</param>
    /// <param name="isAlone">There are none, so a connection that cannot be opened in time has to do.</param>
    /// <returns>Null: it is not down, as far as this look can tell.</returns>
    public string? WhyDown(FailureSigns signs, bool isAlone)
    {
        if (IsUp)
        {
            return null;
        }

        bool isEnough = IsConclusive || (isAlone && Verdict == ProbeVerdict.NoConnection);
        return isEnough ? Detail : signs.IsDoubted ? $"{Detail}, and Sentinel {signs.Who} says that it is down" : null;
    }
}

internal enum ProbeVerdict
{
    /// <summary>It takes requests, and says that it is a master if that was asked.</summary>
    Up,

    /// <summary>It answers LOADING or MASTERDOWN.</summary>
    NotReady,

    /// <summary>It answers that it is a replica, or a Sentinel.</summary>
    NotMaster,

    /// <summary>Refused or unreachable, or it ended a new connection twice.</summary>
    Lost,

    /// <summary>No connection in time: a network that drops, a frozen host, or a full backlog.</summary>
    NoConnection,

    /// <summary>It is there and does not say: no answer in time, busy with a script, too many clients.</summary>
    NoAnswer,
}
