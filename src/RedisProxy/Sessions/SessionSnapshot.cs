using System.Text;

namespace RedisProxy.Sessions;

/// <summary>
/// One session at one moment, for operators. Of what its client said there is the name that it gave itself, and nothing else: no keys, no
/// values, no credentials.
/// </summary>
/// <param name="Id">Unique in this process.</param>
/// <param name="Client">The client's address; <c>unix</c> on a unix socket.</param>
/// <param name="Name">By CLIENT SETNAME; empty without. Cut at <see cref="MaxNameBytes"/>.</param>
/// <param name="Database">By SELECT.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="AgeMs">Since it was accepted.</param>
/// <param name="InFlight">Requests that its backend owes a reply.</param>
/// <param name="Waiting">Requests that no backend has taken.</param>
/// <param name="ReceivedBytes">From the client, in all.</param>
/// <param name="HeldBytes">Of these, those still kept: unanswered requests.</param>
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
    long HeldBytes)
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
        session.Pipeline.Buffer.KeptBytes);

    public static string ClientOf(Session session) => session.Client.PeerAddress?.ToString() ?? "unix";

    public static string NameOf(Session session) =>
        session.State.Identity.Name is { } name ? Encoding.UTF8.GetString(name.AsSpan(0, Math.Min(name.Length, MaxNameBytes))) : "";
}
