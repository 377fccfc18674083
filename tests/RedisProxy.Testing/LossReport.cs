using System.Globalization;
using System.Text;

namespace RedisProxy.Testing;

/// <summary>
/// What came out when all that writers were told is compared with what is stored. An honest system may leave unknown writes present or
/// absent; the first four lists must be empty.
/// </summary>
public sealed record LossReport
{
    // Within which a writer has read an acknowledgement that was sent to it.
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    /// <summary>Acknowledged and not there.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>When the last of these was acknowledged, by the clock of the history; null when none is lost.</summary>
    public TimeSpan? LastLostAt { get; init; }

    /// <summary>There, although an error said that it was not executed, or although nobody ever wrote it.</summary>
    public required IReadOnlyList<string> Phantom { get; init; }

    /// <summary>There more than once: it was sent twice.</summary>
    public required IReadOnlyList<string> Duplicate { get; init; }

    /// <summary>There behind one that the same writer wrote later: it was held back and executed late.</summary>
    public required IReadOnlyList<string> OutOfOrder { get; init; }

    public required int Acknowledged { get; init; }

    public required int NotExecuted { get; init; }

    public required int OtherErrors { get; init; }

    /// <summary>Answered with IOERR.</summary>
    public required int Unknown { get; init; }

    /// <summary>Unanswered, because the connection broke.</summary>
    public required int Broken { get; init; }

    /// <summary>How often a connection broke; each may have taken several unanswered writes with it.</summary>
    public required int ConnectionsBroken { get; init; }

    /// <summary>Of the unknown and the broken ones: there.</summary>
    public required int UnknownPresent { get; init; }

    /// <summary>Of the unknown and the broken ones: not there.</summary>
    public required int UnknownAbsent { get; init; }

    /// <summary>Errors by their first word; exceptions by their name.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    /// <summary>The times of 100 ms and more in which no writer at all had a write acknowledged, in their order.</summary>
    public required IReadOnlyList<Pause> Pauses { get; init; }

    /// <summary>The longest time in which no writer at all had a write acknowledged.</summary>
    public required Pause LongestPause { get; init; }

    /// <summary>The longest time in which some one writer had none acknowledged.</summary>
    public required Pause LongestPauseOfOne { get; init; }

    /// <summary>Nothing lost, nothing twice, nothing that was denied, nothing late.</summary>
    public bool IsHonest => Lost.Count + Phantom.Count + Duplicate.Count + OutOfOrder.Count == 0;

    /// <summary>
    /// Replication is asynchronous: a server may be stopped between its replies of one turn and the same turn's stream to its replicas, and
    /// no proxy can change that. So: honest, but for at most one write of each writer that was acknowledged at that very moment.
    /// </summary>
    /// <param name="stoppedAt">By the clock of the history.</param>
    /// <param name="writers">How many there were.</param>
    public bool IsHonestButForTheMoment(TimeSpan stoppedAt, int writers) =>
        Phantom.Count + Duplicate.Count + OutOfOrder.Count == 0 && Lost.Count <= writers
        && (Lost.Count == 0 || (stoppedAt - LastLostAt!.Value).Duration() < LastMoment);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"acknowledged {Acknowledged}, not executed {NotExecuted}, unknown {Unknown}, ");
        text.Append(CultureInfo.InvariantCulture, $"broken {Broken} in {ConnectionsBroken} connections, other errors {OtherErrors}; ");
        text.Append(CultureInfo.InvariantCulture, $"of the unknown and broken {UnknownPresent} present, {UnknownAbsent} absent; ");
        text.Append(CultureInfo.InvariantCulture, $"longest pause {LongestPause}, of one writer {LongestPauseOfOne}");
        if (Pauses.Count > 1)
        {
            text.Append(CultureInfo.InvariantCulture, $"; {Pauses.Count} pauses: ").AppendJoin(", ", Pauses.Take(10));
        }

        if (Errors.Count > 0)
        {
            text.Append("; errors ").AppendJoin(", ", Errors.Select(e => $"{e.Key} {e.Value}"));
        }

        Append(text, "LOST", Lost);
        if (LastLostAt is { } at)
        {
            text.Append(CultureInfo.InvariantCulture, $"; the last of these was acknowledged at {at.TotalSeconds:0.000} s");
        }

        Append(text, "PHANTOM", Phantom);
        Append(text, "DUPLICATE", Duplicate);
        Append(text, "OUT OF ORDER", OutOfOrder);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, IReadOnlyList<string> elements)
    {
        if (elements.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; {title} {elements.Count}: ").AppendJoin(' ', elements.Take(10));
        }
    }
}

/// <summary>A time without success.</summary>
/// <param name="Start">By the clock of the history.</param>
/// <param name="Length">How long.</param>
public readonly record struct Pause(TimeSpan Start, TimeSpan Length)
{
    public TimeSpan End => Start + Length;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Length.TotalSeconds:0.000} s (from {Start.TotalSeconds:0.000} s)");
}
