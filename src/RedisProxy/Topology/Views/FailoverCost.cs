using System.Text.Json.Serialization;

namespace RedisProxy.Topology;

/// <summary>
/// What one failover cost the clients of this proxy. Written as it is to <c>/status</c> and to webhooks, where fields are added and never
/// renamed. Seconds count from the first sign of the failover.
/// </summary>
/// <param name="HoldBeganAfterSeconds">Requests were held from then on.</param>
/// <param name="Why">The reason for that.</param>
/// <param name="OldGoneAfterSeconds">
/// The old master was known to be lost, or was superseded: nothing was sent to it from then on. Null if the master stayed the same.
/// </param>
/// <param name="PromotionSeenAfterSeconds">
/// A Sentinel had ordered a replica to take over, or the new master was accepted. Null if there was none.
/// </param>
/// <param name="FirstContinuedAfterSeconds">The first session continued. Null if there was no session.</param>
/// <param name="AllContinuedAfterSeconds">All had continued. Null if there was none, or some had not by the end of the record.</param>
/// <param name="SessionsWaiting">
/// Sessions that had not continued when the record ended, because the next failover began or they took too long.
/// </param>
/// <param name="Total">Of all listeners.</param>
/// <param name="Listeners">By the name of the listener.</param>
internal sealed record FailoverCost(
    double HoldBeganAfterSeconds,
    string Why,
    double? OldGoneAfterSeconds,
    double? PromotionSeenAfterSeconds,
    double? FirstContinuedAfterSeconds,
    double? AllContinuedAfterSeconds,
    long SessionsWaiting,
    RequestCost Total,
    IReadOnlyDictionary<string, RequestCost> Listeners)
{
    /// <summary>The cost for people, in the same words wherever a failover is told of.</summary>
    [JsonIgnore]
    public string Text =>
        Total.Text + (SessionsWaiting > 0 ? FormattableString.Invariant($", {SessionsWaiting} session(s) still waiting") : "");

    /// <summary>The moments for people.</summary>
    [JsonIgnore]
    public string Moments => string.Join(", ", new[]
    {
        $"{Moment("held from", HoldBeganAfterSeconds)} ({Why})",
        Moment("old master gone after", OldGoneAfterSeconds),
        Moment("promotion seen after", PromotionSeenAfterSeconds),
        Moment("first session continued after", FirstContinuedAfterSeconds),
        Moment("all after", AllContinuedAfterSeconds),
    }.OfType<string>());

    private static string? Moment(string what, double? seconds) =>
        seconds is { } at ? FormattableString.Invariant($"{what} {at:0.000} s") : null;
}

/// <param name="Held">Requests that waited for a master.</param>
/// <param name="LongestWaitSeconds">The longest such wait.</param>
/// <param name="NotExecuted">Requests answered with NOT-EXECUTED.</param>
/// <param name="Unknown">Requests answered with UNKNOWN.</param>
/// <param name="Resent">Requests sent again to the next master: certainly not executed, or read-only.</param>
/// <param name="SessionsEnded">
/// Sessions that ended by the causes of <c>redisproxy_sessions_ended_total</c>, without those whose clients left of their own accord with
/// nothing pending (<c>client_closed</c>, <c>quit</c>). Causes that occurred.
/// </param>
internal sealed record RequestCost(
    long Held, double LongestWaitSeconds, long NotExecuted, long Unknown, long Resent, IReadOnlyDictionary<string, long> SessionsEnded)
{
    public static RequestCost None { get; } = new(0, 0, 0, 0, 0, new Dictionary<string, long>());

    [JsonIgnore]
    public string Text
    {
        get
        {
            string ended = SessionsEnded.Count == 0
                ? "none"
                : string.Join(", ", SessionsEnded.Select(static one => FormattableString.Invariant($"{one.Key} {one.Value}")));
            return FormattableString.Invariant(
                $"held {Held}, longest wait {LongestWaitSeconds:0.000} s, not executed {NotExecuted}, unknown {Unknown}, resent {Resent}, ")
                + $"sessions ended: {ended}";
        }
    }

    public static RequestCost operator +(RequestCost one, RequestCost other) => new(
        one.Held + other.Held,
        Math.Max(one.LongestWaitSeconds, other.LongestWaitSeconds),
        one.NotExecuted + other.NotExecuted,
        one.Unknown + other.Unknown,
        one.Resent + other.Resent,
        one.SessionsEnded.Concat(other.SessionsEnded)
            .GroupBy(static ended => ended.Key, static ended => ended.Value)
            .ToDictionary(static ended => ended.Key, static ended => ended.Sum()));
}
