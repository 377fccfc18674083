namespace RedisProxy.Configuration;

/// <summary>The differences between two valid configurations, key by key, and which of them a running proxy can apply.</summary>
internal static class OptionChanges
{
    /// <summary>In the order of the documentation, listeners first.</summary>
    public static IReadOnlyList<OptionChange> Between(ProxyOptions old, ProxyOptions now) =>
    [
        .. KeyChanges.BetweenLists(
            ListenerKeys.Table, old.Listeners, now.Listeners, NameOf, listener => $"{NameOf(listener)} on {listener.Bind}"),
        .. KeyChanges.Between(ProxyKeys.Table.Keys, old, now),
        .. NotifyChanges.Between(old.Notify, now.Notify),
    ];

    /// <summary>The new options, with the old value where a change needs a restart.</summary>
    public static ProxyOptions WhatCanBeTaken(ProxyOptions old, ProxyOptions now) =>
        KeyChanges.WhatCanBeTaken(ProxyKeys.Table, old, now) with
        {
            Listeners = [.. now.Listeners.Select(listener => Find(old.Listeners, listener.Name) is { } before
                ? KeyChanges.WhatCanBeTaken(ListenerKeys.Table, before, listener)
                : listener)],
        };

    /// <summary>Why the new configuration cannot be applied at all; null when it can.</summary>
    public static string? Refusal(ProxyOptions old, ProxyOptions now) => (old.Sentinel, now.Sentinel) switch
    {
        (null, not null) => "sentinel: cannot replace backend.endpoint while the proxy runs; restart it",
        (not null, null) => "backend.endpoint: cannot replace sentinel while the proxy runs; restart it",
        _ => now.Listeners.FirstOrDefault(listener => listener.Tls is not null && Find(old.Listeners, listener.Name) is null) is { } added
            ? $"listener '{added.Name}': cannot be added with tls while the proxy runs; restart it"
            : null,
    };

    private static string NameOf(ListenerOptions listener) => $"listener '{listener.Name}'";

    private static ListenerOptions? Find(IReadOnlyList<ListenerOptions> listeners, string name) =>
        listeners.FirstOrDefault(listener => listener.Name == name);
}
