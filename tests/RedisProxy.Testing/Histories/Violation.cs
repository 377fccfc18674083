namespace RedisProxy.Testing.Histories;

/// <summary>Kinds of violations.</summary>
internal enum ViolationKind
{
    /// <summary>Acknowledged and lost, at a time when redis itself loses nothing.</summary>
    Lost,

    /// <summary>Present, although reported as not executed, or although it was never written.</summary>
    Phantom,

    /// <summary>Executed twice.</summary>
    Duplicate,

    /// <summary>A reply that does not belong to its request.</summary>
    Misplaced,

    /// <summary>Executed after a later request of the same connection.</summary>
    Reordered,

    /// <summary>Written to another database than the connection's own.</summary>
    WrongDatabase,

    /// <summary>A connection was closed that the contract keeps open.</summary>
    Closed,

    /// <summary>A request without a reply, far beyond every deadline.</summary>
    Silent,
}

/// <summary>The judgement of one reply.</summary>
/// <param name="Kind">The violation it would be.</param>
/// <param name="Text">What was expected, or what is wrong.</param>
internal sealed record Finding(ViolationKind Kind, string Text);

/// <summary>One finding, with the shortest history that shows it.</summary>
/// <param name="Kind">Of the finding.</param>
/// <param name="At">When it was seen, or when the lost write was acknowledged; on the clock of the history.</param>
/// <param name="Text">One sentence.</param>
/// <param name="History">The relevant requests, one per line, in order.</param>
internal sealed record Violation(ViolationKind Kind, TimeSpan At, string Text, IReadOnlyList<string> History)
{
    public override string ToString() =>
        $"{Kind.ToString().ToUpperInvariant()} at {At.TotalSeconds:0.000} s: {Text}"
        + string.Concat(History.Select(line => "\n    " + line));
}

/// <summary>
/// An acknowledgement that the stored state contradicts. Whether it is a violation depends on the fault at that time:
/// see <see cref="FaultLog.Excuse"/>.
/// </summary>
/// <param name="What">The element or the value.</param>
/// <param name="SentAt">When the request was sent.</param>
/// <param name="AnsweredAt">When it was acknowledged.</param>
/// <param name="How">How it was noticed.</param>
internal sealed record LostAcknowledgement(string What, TimeSpan SentAt, TimeSpan AnsweredAt, string How)
{
    /// <summary>The violation if nothing excuses it.</summary>
    public ViolationKind Kind { get; init; } = ViolationKind.Lost;

    /// <summary>As in <see cref="Request.Subject"/>.</summary>
    public string? Subject { get; init; }

    public IReadOnlyList<string> History { get; init; } = [];
}
