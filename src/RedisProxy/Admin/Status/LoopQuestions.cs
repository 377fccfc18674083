using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>Asks event loops for what only they may look at.</summary>
internal static class LoopQuestions
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    /// <param name="forwarder">Of the listeners.</param>
    /// <param name="listener">A name; null: all.</param>
    public static (string Listener, SessionListener Part)[] PartsOf(Forwarder forwarder, string? listener) =>
    [
        .. forwarder.Listeners.Where(one => listener is null || one.Options.Name == listener)
            .SelectMany(static one => one.Parts.Select(part => (one.Options.Name, part))),
    ];

    /// <summary>Each loop looks at its own parts; no loop waits for another one.</summary>
    /// <exception cref="TimeoutException">A loop is hung.</exception>
    public static Task<T[]> AskAsync<T>((string Listener, SessionListener Part)[] parts, Func<string, SessionListener, T> look) =>
        Task.WhenAll(parts.Select(of => of.Part.Gate.Loop.InvokeAsync(() => look(of.Listener, of.Part))))
            .WaitAsync(MaxTime, TimeProvider.System);
}
