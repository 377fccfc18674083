using Microsoft.AspNetCore.Http;

using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>The requested slow requests, from the query of <c>/slowlog</c>.</summary>
internal sealed record SlowlogQuery
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);
    private static readonly string[] Names = ["listener", "limit"];

    /// <summary>Its name; null: all.</summary>
    public string? Listener { get; init; }

    /// <summary>The maximum number listed.</summary>
    public int Limit { get; init; } = InsightQuery.DefaultLimit;

    /// <returns>Null when it is invalid; then <paramref name="error"/> is a sentence for the caller.</returns>
    public static SlowlogQuery? Read(IQueryCollection query, IEnumerable<string> listeners, out string error)
    {
        error = InsightQuery.Read(query, Names, listeners, out string? listener, out int limit);
        return error.Length > 0 ? null : new SlowlogQuery { Listener = listener, Limit = limit };
    }

    /// <summary>Each loop looks at its own; no loop waits for another one.</summary>
    /// <param name="forwarder">Of the listeners.</param>
    /// <param name="time">The clock of the answer's times.</param>
    /// <param name="showsKeys">The caller may see them.</param>
    /// <exception cref="TimeoutException">A loop is hung.</exception>
    public async Task<SlowlogAnswer> AskAsync(Forwarder forwarder, TimeProvider time, bool showsKeys)
    {
        (string Name, SessionListener Part)[] parts =
        [
            .. forwarder.Listeners
                .Where(listener => Listener is null || listener.Options.Name == Listener)
                .SelectMany(listener => listener.Parts.Select(part => (listener.Options.Name, part))),
        ];
        SlowRequestStatus[][] answers = await Task.WhenAll(parts.Select(of => of.Part.Gate.Loop.InvokeAsync(
            () => Look(of.Name, of.Part, time.GetUtcNow(), showsKeys)))).WaitAsync(MaxTime, TimeProvider.System);
        return new SlowlogAnswer(
            parts.Sum(of => of.Part.Counters.Slow.Count),
            [.. answers.SelectMany(answer => answer).OrderByDescending(request => request.At).Take(Limit)]);
    }

    private SlowRequestStatus[] Look(string listener, SessionListener part, DateTimeOffset now, bool showsKeys)
    {
        long nowMs = part.Gate.Loop.NowMs;
        return
        [
            .. part.Counters.Slow.Newest(Limit).Select(request => new SlowRequestStatus(
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
