namespace RedisProxy.Testing.Histories;

/// <summary>What must not happen.</summary>
internal enum ViolationKind
{
    /// <summary>Acknowledged and gone, at a time at which redis itself loses nothing.</summary>
    Lost,

    /// <summary>There, although it was said that it was not executed, or although nobody ever wrote it.</summary>
    Phantom,

    /// <summary>Executed twice.</summary>
    Duplicate,

    /// <summary>A reply that does not belong to its request.</summary>
    Misplaced,

    /// <summary>Executed behind what the same connection sent later.</summary>
    Reordered,

    /// <summary>Written to another database than the connection's own.</summary>
    WrongDatabase,

    /// <summary>A connection that the contract keeps was closed.</summary>
    Closed,

    /// <summary>A request without a reply, far beyond every deadline.</summary>
    Silent,
}

/// <summary>What a judge thinks of one reply.</summary>
/// <param name="Kind">What it would be.</param>
/// <param name="Text">What was expected, or why not.</param>
internal sealed record Finding(ViolationKind Kind, string Text);

/// <summary>One finding, with the shortest history that shows it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="At">When it was seen, or when what is lost was acknowledged; by the clock of the history.</param>
/// <param name="Text">One sentence.</param>
/// <param name="History">The requests that matter, one a line, in their order.</param>
internal sealed record Violation(ViolationKind Kind, TimeSpan At, string Text, IReadOnlyList<string> History)
{
    public override string ToString() =>
        $"{Kind.ToString().ToUpperInvariant()} at {At.TotalSeconds:0.000} s: {Text}"
        + string.Concat(History.Select(line => "\n    " + line));
}

/// <summary>
/// An acknowledgement that the stored state contradicts. Whether it is a violation depends on what was being done to the master then:
/// see <see cref="FaultLog.Excuse"/>.
/// </summary>
/// <param name="What">The element or the value.</param>
/// <param name="SentAt">When the request was sent.</param>
/// <param name="AnsweredAt">When it was acknowledged.</param>
/// <param name="How">How it showed.</param>
internal sealed record LostAcknowledgement(string What, TimeSpan SentAt, TimeSpan AnsweredAt, string How)
{
    /// <summary>What it is when nothing excuses it.</summary>
    public ViolationKind Kind { get; init; } = ViolationKind.Lost;

    /// <summary>As of <see cref="Request.Subject"/>.</summary>
    public string? Subject { get; init; }

    public IReadOnlyList<string> History { get; init; } = [];
}
