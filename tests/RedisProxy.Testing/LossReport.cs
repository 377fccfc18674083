using System.Globalization;
using System.Text;

namespace RedisProxy.Testing;

/// <summary>
/// Compares the replies that writers got with what is stored. An honest system may leave unknown writes present or absent; the first four
/// lists must be empty.
/// </summary>
public sealed record LossReport
{
    // The longest time until a writer has read an acknowledgement sent to it.
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    /// <summary>Acknowledged and missing.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>When the last of these was acknowledged, on the clock of the history; null if none is lost.</summary>
    public TimeSpan? LastLostAt { get; init; }

    /// <summary>Present, although an error said that it was not executed, or although it was never written.</summary>
    public required IReadOnlyList<string> Phantom { get; init; }

    /// <summary>Present more than once: it was sent twice.</summary>
    public required IReadOnlyList<string> Duplicate { get; init; }

    /// <summary>Present after a later write of the same writer: it was held back and executed late.</summary>
    public required IReadOnlyList<string> OutOfOrder { get; init; }

    public required int Acknowledged { get; init; }

    public required int NotExecuted { get; init; }

    public required int OtherErrors { get; init; }

    /// <summary>Answered with IOERR.</summary>
    public required int Unknown { get; init; }

    /// <summary>Unanswered, because the connection broke.</summary>
    public required int Broken { get; init; }

    /// <summary>Number of broken connections; each may have left several writes unanswered.</summary>
    public required int ConnectionsBroken { get; init; }

    /// <summary>Of the unknown and broken writes: present.</summary>
    public required int UnknownPresent { get; init; }

    /// <summary>Of the unknown and broken writes: missing.</summary>
    public required int UnknownAbsent { get; init; }

    /// <summary>Errors by their first word; exceptions by their name.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    /// <summary>Pauses of 100 ms and more in which no writer had a write acknowledged, in order.</summary>
    public required IReadOnlyList<Pause> Pauses { get; init; }

    /// <summary>The longest time in which no writer had a write acknowledged.</summary>
    public required Pause LongestPause { get; init; }

    /// <summary>The longest time in which any single writer had none acknowledged.</summary>
    public required Pause LongestPauseOfOne { get; init; }

    /// <summary>Nothing lost, duplicated, denied but executed, or late.</summary>
    public bool IsHonest => Lost.Count + Phantom.Count + Duplicate.Count + OutOfOrder.Count == 0;

    /// <summary>
    /// Replication is asynchronous: a server may be stopped between the replies of one loop iteration and the replication stream of the
    /// same iteration, which no proxy can change. So: honest, except for at most one write per writer that was acknowledged at that moment.
    /// </summary>
    /// <param name="stoppedAt">On the clock of the history.</param>
    /// <param name="writers">Number of writers.</param>
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
/// <param name="Start">On the clock of the history.</param>
/// <param name="Length">Its duration.</param>
public readonly record struct Pause(TimeSpan Start, TimeSpan Length)
{
    public TimeSpan End => Start + Length;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Length.TotalSeconds:0.000} s (from {Start.TotalSeconds:0.000} s)");
}
