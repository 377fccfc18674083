namespace RedisProxy.Tests.Simulation;

/// <summary>What came of one run, or of several together.</summary>
internal sealed record SimulationResult
{
    public int Seed { get; init; }

    /// <summary>Of all that happened, see <see cref="World.Hash"/>.</summary>
    public ulong Hash { get; init; }

    /// <summary>The rule that was broken first; null: none.</summary>
    public string? Violation { get; init; }

    /// <summary>What happened, line by line; empty when it was not recorded.</summary>
    public string Story { get; init; } = "";

    public int Failovers { get; init; }

    /// <summary>That clients got, in all.</summary>
    public long Answers { get; init; }

    /// <summary>Of those, the proxy's own that the outcome is unknown.</summary>
    public long Unknown { get; init; }

    /// <summary>Of those, the proxy's own that it was not executed.</summary>
    public long NotExecuted { get; init; }

    /// <summary>Requests that went to a second server.</summary>
    public long Resent { get; init; }

    /// <summary>How often a session that shared a link got one of its own.</summary>
    public long Moves { get; init; }

    /// <summary>Writes that were executed, as their clients were told, but not confirmed by replicas.</summary>
    public long Unconfirmed { get; init; }

    /// <summary>How often a session went to the other process, and ran there.</summary>
    public long Adopted { get; init; }

    /// <summary>Sessions that ended because a change of their state was lost.</summary>
    public long InDoubt { get; init; }

    /// <summary>Acknowledged writes that were lost where the proxy cannot help it.</summary>
    public long Lost { get; init; }

    public static SimulationResult operator +(SimulationResult one, SimulationResult other) => new()
    {
        Failovers = one.Failovers + other.Failovers,
        Answers = one.Answers + other.Answers,
        Unknown = one.Unknown + other.Unknown,
        NotExecuted = one.NotExecuted + other.NotExecuted,
        Resent = one.Resent + other.Resent,
        Moves = one.Moves + other.Moves,
        Unconfirmed = one.Unconfirmed + other.Unconfirmed,
        Adopted = one.Adopted + other.Adopted,
        InDoubt = one.InDoubt + other.InDoubt,
        Lost = one.Lost + other.Lost,
    };
}
