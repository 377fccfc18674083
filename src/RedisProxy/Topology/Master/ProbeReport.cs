using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>The result of one probe of the master.</summary>
/// <param name="Generation">Of the probed master.</param>
/// <param name="Detail">One clause for logs and status.</param>
/// <param name="CoversSuspicion">The newest suspicion raised before the probe began.</param>
internal sealed record ProbeReport(long Generation, ProbeVerdict Verdict, string Detail, long CoversSuspicion)
{
    /// <summary>The master's command table; null when it was not asked, or did not answer.</summary>
    public CommandTable? Commands { get; init; }

    /// <summary>It rejected a command before the proxy had authenticated.</summary>
    public bool DemandsAuthentication { get; init; }

    public bool IsUp => Verdict == ProbeVerdict.Up;

    /// <summary>It settles whether the master can be used; otherwise it must be probed again.</summary>
    public bool IsConclusive => Verdict is not (ProbeVerdict.NoAnswer or ProbeVerdict.NoConnection);

    /// <summary>A master that merely does not answer may be busy; it counts as down only if a Sentinel doubts it, too.</summary>
    /// <param name="signs">The Sentinels' flags for it.</param>
    /// <param name="isAlone">There are no Sentinels, so a connect timeout is enough.</param>
    /// <returns>Null: it is not down, as far as this probe can tell.</returns>
    public string? WhyDown(FailureSigns signs, bool isAlone)
    {
        if (IsUp)
        {
            return null;
        }

        bool isEnough = IsConclusive || (isAlone && Verdict == ProbeVerdict.NoConnection);
        return isEnough ? Detail : signs.IsDoubted ? $"{Detail}, and Sentinel {signs.Who} reports it down" : null;
    }
}

internal enum ProbeVerdict
{
    /// <summary>It takes requests, and reports the role of a master if that was asked.</summary>
    Up,

    /// <summary>It answers LOADING or MASTERDOWN.</summary>
    NotReady,

    /// <summary>It answers that it is a replica, or a Sentinel.</summary>
    NotMaster,

    /// <summary>Refused or unreachable, or it ended a new connection twice.</summary>
    Lost,

    /// <summary>No connection in time: a network that drops packets, a frozen host, or a full backlog.</summary>
    NoConnection,

    /// <summary>Connected but no verdict: no answer in time, busy with a script, too many clients.</summary>
    NoAnswer,
}
