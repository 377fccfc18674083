using Microsoft.AspNetCore.Http;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>The requested slow requests, from the query of <c>/slowlog</c>.</summary>
/// <param name="List">Of which listener, and how many.</param>
internal sealed record SlowlogQuery(ListQuery List)
{
    private static readonly string[] Names = ["listener", "limit"];

    /// <returns>Null when it is invalid; then <paramref name="error"/> is a sentence for the caller.</returns>
    public static SlowlogQuery? Read(IQueryCollection query, IEnumerable<string> listeners, out string error)
    {
        var list = ListQuery.Read(query, Names, listeners, (Default: 20, Max: 1000), out error);
        return error.Length > 0 ? null : new SlowlogQuery(list);
    }

    /// <summary>Each loop looks at its own; no loop waits for another one.</summary>
    /// <param name="forwarder">Of the listeners.</param>
    /// <param name="options">In effect now.</param>
    /// <param name="time">The clock of the answer's times.</param>
    /// <param name="showsKeys">The caller may see them.</param>
    /// <exception cref="TimeoutException">A loop is hung.</exception>
    public async Task<SlowlogAnswer> AskAsync(Forwarder forwarder, SlowlogOptions options, TimeProvider time, bool showsKeys)
    {
        (string Listener, SessionListener Part)[] parts = LoopQuestions.PartsOf(forwarder, List.Listener);
        SlowRequestStatus[][] answers = await LoopQuestions.AskAsync(
            parts, (listener, part) => Look(listener, part, time.GetUtcNow(), showsKeys));
        return new SlowlogAnswer(
            parts.Sum(of => of.Part.Counters.Slow.Count),
            options.Threshold.TotalSeconds,
            [.. answers.SelectMany(answer => answer).OrderByDescending(request => request.At).Take(List.Limit)]);
    }

    private SlowRequestStatus[] Look(string listener, SessionListener part, DateTimeOffset now, bool showsKeys)
    {
        long nowMs = part.Gate.Loop.NowMs;
        return
        [
            .. part.Counters.Slow.Newest(List.Limit).Select(request => new SlowRequestStatus(
                now - TimeSpan.FromMilliseconds(nowMs - request.AtMs),
                request.Us / (double)TimeSpan.MicrosecondsPerSecond,
                listener,
                request.Command,
                request.Bytes,
                request.Replies,
                request.Database,
                request.Session,
                request.Client,
                request.Name,
                showsKeys ? request.Key : null)),
        ];
    }
}
