using System.Text;

namespace RedisProxy.Sessions;

/// <summary>
/// One session at one moment, for operators. Of the client's data it contains only the name that the client set: no keys, no values, no
/// credentials.
/// </summary>
/// <param name="Id">Unique in this process.</param>
/// <param name="Client">The client's address; <c>unix</c> on a unix socket.</param>
/// <param name="Name">Set with CLIENT SETNAME; empty without. Truncated to <see cref="MaxNameBytes"/>.</param>
/// <param name="Database">Set with SELECT.</param>
/// <param name="Phase">Its phase.</param>
/// <param name="AgeMs">Since the accept.</param>
/// <param name="InFlight">Requests sent to its backend and not answered.</param>
/// <param name="Waiting">Requests that no backend has taken.</param>
/// <param name="ReceivedBytes">Total received from the client.</param>
/// <param name="HeldBytes">Of these, bytes still buffered: unanswered requests.</param>
/// <param name="Link">The kind of its link; null if all sessions of its listener have links of their own.</param>
/// <param name="DedicatedFor">Why its link is its own; <see cref="DedicatedReason.None"/> in all other cases.</param>
internal sealed record SessionSnapshot(
    long Id,
    string Client,
    string Name,
    int Database,
    SessionPhase Phase,
    long AgeMs,
    long InFlight,
    long Waiting,
    long ReceivedBytes,
    long HeldBytes,
    LinkKind? Link,
    DedicatedReason DedicatedFor)
{
    public const int MaxNameBytes = 256;

    /// <summary>On the session's loop.</summary>
    public static SessionSnapshot Of(Session session) => new(
        session.Id,
        ClientOf(session),
        NameOf(session),
        session.State.Database,
        session.Phase,
        session.Loop.NowMs - session.StartedAtMs,
        session.Link?.InFlight.Requests ?? 0,
        session.Pipeline.Waiting.Requests,
        session.Pipeline.Buffer.Received,
        session.Pipeline.Buffer.KeptBytes,
        session.Sharing?.Kind,
        session.Sharing?.Reason ?? DedicatedReason.None);

    public static string ClientOf(Session session) => session.Client.PeerAddress?.ToString() ?? "unix";

    public static string NameOf(Session session) =>
        session.State.Identity.Name is { } name ? Encoding.UTF8.GetString(name.AsSpan(0, Math.Min(name.Length, MaxNameBytes))) : "";
}
