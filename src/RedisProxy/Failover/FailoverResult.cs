namespace RedisProxy.Failover;

/// <summary>How a failover on demand ended.</summary>
/// <param name="End">In which way.</param>
/// <param name="Problem">Why it was aborted; else empty.</param>
/// <param name="Objections">Of the preflight, also when it was forced.</param>
/// <param name="Steps">What was done, each with the time since the begin of the hold.</param>
internal sealed record FailoverResult(FailoverEnd End, string Problem, IReadOnlyList<string> Objections, IReadOnlyList<string> Steps)
{
    public static FailoverResult Refused(IReadOnlyList<string> objections) => new(FailoverEnd.Refused, "", objections, []);
}

internal enum FailoverEnd
{
    /// <summary>There is another master, and every Sentinel that is connected names it, or will.</summary>
    Done,

    /// <summary>Something spoke against it, so nothing was done.</summary>
    Refused,

    /// <summary>It was begun, and given up.</summary>
    Aborted,
}
