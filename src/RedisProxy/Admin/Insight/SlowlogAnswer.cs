using System.Text.Json.Serialization;

namespace RedisProxy.Admin;

/// <summary>The document of <c>/slowlog</c>.</summary>
/// <param name="Total">Slow requests since the start; the last ones are kept.</param>
/// <param name="ThresholdSeconds">From which time on requests are kept; 0: none.</param>
/// <param name="Requests">The newest first.</param>
internal sealed record SlowlogAnswer(long Total, double ThresholdSeconds, IReadOnlyList<SlowRequestStatus> Requests);

/// <param name="At">When its reply was read.</param>
/// <param name="Seconds">From its dispatch to the server until then.</param>
/// <param name="Replies">Replies that were read together, its own included: the time may be due to any of their requests.</param>
/// <param name="Command">Empty if the request was too large to be kept.</param>
/// <param name="Key">Its first argument; written only for whoever shows the token.</param>
internal sealed record SlowRequestStatus(
    DateTimeOffset At,
    double Seconds,
    string Listener,
    string Command,
    long Bytes,
    int Replies,
    int Database,
    long Session,
    string Client,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key);
