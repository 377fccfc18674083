using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>The requested sessions, from the query of <c>/sessions</c>.</summary>
internal sealed record SessionQuery
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 10_000;

    private static readonly Dictionary<string, SessionPhase> Phases =
        Enum.GetValues<SessionPhase>()[..^1].ToDictionary(phase => Labels.Of(phase));

    private static readonly string[] Names = ["listener", "phase", "client", "name", "limit"];

    /// <summary>Its name; null: all.</summary>
    public string? Listener { get; init; }

    /// <summary>Null: all.</summary>
    public SessionPhase? Phase { get; init; }

    /// <summary>A prefix of the client's address, such as <c>10.1.</c>; null: all.</summary>
    public string? Client { get; init; }

    /// <summary>A prefix of the client's name; null: all.</summary>
    public string? Name { get; init; }

    /// <summary>The maximum number listed.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <returns>Null when it is invalid; then <paramref name="error"/> is a sentence for the caller.</returns>
    public static SessionQuery? Read(IQueryCollection query, IEnumerable<string> listeners, out string error)
    {
        var list = ListQuery.Read(query, Names, listeners, (DefaultLimit, MaxLimit), out error);
        string? Of(string name) => query.TryGetValue(name, out StringValues value) ? value.ToString() : null;
        if (error.Length == 0 && Of("phase") is { } phase && !Phases.ContainsKey(phase))
        {
            error = $"there is no phase '{phase}'; known phases: {string.Join(", ", Phases.Keys)}";
        }

        return error.Length > 0 ? null : new SessionQuery
        {
            Listener = list.Listener,
            Phase = Of("phase") is { } wanted ? Phases[wanted] : null,
            Client = Of("client"),
            Name = Of("name"),
            Limit = list.Limit,
        };
    }

    /// <summary>Each loop examines its own sessions.</summary>
    /// <exception cref="TimeoutException">A loop is hung.</exception>
    public async Task<SessionsAnswer> AskAsync(Forwarder forwarder)
    {
        SessionsAnswer[] answers = await LoopQuestions.AskAsync(
            LoopQuestions.PartsOf(forwarder, Listener), (listener, part) => Look(listener, part.Gate.Sessions));
        return new SessionsAnswer(
            answers.Sum(answer => answer.Matching),
            [.. answers.SelectMany(answer => answer.Sessions).OrderBy(session => session.Id).Take(Limit)]);
    }

    private SessionsAnswer Look(string listener, IEnumerable<Session> sessions)
    {
        long matching = 0;
        var listed = new List<SessionStatus>();
        foreach (Session session in sessions)
        {
            if (!session.IsEnded && Fits(session))
            {
                matching++;
                if (listed.Count < Limit)
                {
                    listed.Add(StatusOf(listener, SessionSnapshot.Of(session)));
                }
            }
        }

        return new SessionsAnswer(matching, listed);
    }

    private bool Fits(Session session) =>
        (Phase is null || session.Phase == Phase)
        && (Name is null || SessionSnapshot.NameOf(session).StartsWith(Name, StringComparison.Ordinal))
        && (Client is null || SessionSnapshot.ClientOf(session).StartsWith(Client, StringComparison.Ordinal));

    private static SessionStatus StatusOf(string listener, SessionSnapshot session) => new(
        session.Id,
        listener,
        session.Client,
        session.Name,
        session.Database,
        Labels.Of(session.Phase),
        session.AgeMs / 1000.0,
        session.InFlight,
        session.Waiting,
        session.ReceivedBytes,
        session.HeldBytes,
        session.Link is { } kind ? Labels.Of(kind) : null,
        session.DedicatedFor == DedicatedReason.None ? null : Labels.Of(session.DedicatedFor));
}
