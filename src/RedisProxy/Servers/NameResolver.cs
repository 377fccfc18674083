using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;

namespace RedisProxy.Servers;

/// <summary>
/// Addresses of host names for one actor, without waiting: a known address is returned at once, and a stale one is refreshed in the
/// background. The last good address survives a DNS failure. A name with several addresses keeps its present one as long as DNS still
/// lists it, because following every round robin would mean a failover every few seconds.
/// <para>Lives on its owner's inbox, which handles a message after each lookup.</para>
/// </summary>
internal sealed class NameResolver(Inbox inbox, Action<Action> post, TopologyContext context, ILogger logger)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinSpacing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Entry> _names = [];
    private readonly MonotonicClock _clock = new(context.Time);

    /// <summary>The present address; null when the name has not been resolved yet.</summary>
    public IPAddress? Find(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? literal))
        {
            return literal;
        }

        if (!_names.TryGetValue(host, out Entry? entry))
        {
            _names[host] = entry = new Entry();
        }

        if (!entry.IsUnderWay && (entry.LookedUp is not { } last || _clock.Now - last >= (entry.IsDoubted ? MinSpacing : MaxAge)))
        {
            entry.IsUnderWay = true;
            inbox.Start(stop => LookUpAsync(host, entry, stop));
        }

        return entry.Address;
    }

    /// <summary>Something is wrong with a master: the next <see cref="Find"/> looks its name up again.</summary>
    public void Doubt()
    {
        foreach (Entry entry in _names.Values)
        {
            entry.IsDoubted = true;
        }
    }

    private async Task LookUpAsync(string host, Entry entry, CancellationToken stop)
    {
        IPAddress[] found = [];
        try
        {
            using var limit = new TimeLimit(Timeout, context.Time, stop);
            found = await limit.ApplyToAsync(context.Resolve(host, limit.Token), "no DNS answer");
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            ServerLog.NameNotResolved(logger, host, failure.Message);
        }

        post(() => Store(entry, found));
    }

    private void Store(Entry entry, IPAddress[] found)
    {
        entry.IsUnderWay = false;
        entry.IsDoubted = found.Length == 0;
        entry.LookedUp = _clock.Now;
        if (found.Length > 0 && (entry.Address is null || !found.Contains(entry.Address)))
        {
            entry.Address = TopologyContext.Choose(found);
        }
    }

    private sealed class Entry
    {
        public IPAddress? Address { get; set; }

        public TimeSpan? LookedUp { get; set; }

        public bool IsUnderWay { get; set; }

        public bool IsDoubted { get; set; }
    }
}
