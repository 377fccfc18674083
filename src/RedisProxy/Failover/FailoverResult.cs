using RedisProxy.Configuration;

namespace RedisProxy.Failover;

/// <summary>How a failover on demand ended.</summary>
/// <param name="Problem">Why it was aborted; else empty.</param>
/// <param name="Objections">Of the preflight, also when it was forced.</param>
/// <param name="Steps">The steps taken, each with the time since the hold began.</param>
internal sealed record FailoverResult(FailoverEnd End, string Problem, IReadOnlyList<string> Objections, IReadOnlyList<string> Steps)
{
    /// <summary>Those that were made, if only they were asked for.</summary>
    public IReadOnlyList<FailoverCheck> Checks { get; init; } = [];

    /// <inheritdoc cref="FailoverPlan.Candidates"/>
    public IReadOnlyList<HostEndpoint> Candidates { get; init; } = [];

    /// <param name="why">A sentence.</param>
    public static FailoverResult NotTheMaster(string why) => new(FailoverEnd.NotTheMaster, why, [], []);

    public static FailoverResult Refused(IReadOnlyList<string> objections) => new(FailoverEnd.Refused, "", objections, []);
}

internal enum FailoverEnd
{
    /// <summary>There is another master, and every connected Sentinel reports it, or will.</summary>
    Done,

    /// <summary>There were objections, so nothing was done.</summary>
    Refused,

    /// <summary>It would have begun, but only the checks were asked for.</summary>
    WouldGo,

    /// <summary>It was begun and then aborted.</summary>
    Aborted,

    /// <summary>The server that was named is not the master, so nothing was done.</summary>
    NotTheMaster,
}
