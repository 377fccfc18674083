using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>Messages that one receiver did not get, by event, since the last one that it got.</summary>
internal readonly record struct DroppedCounts(IReadOnlyList<KeyValuePair<NotifyEvent, long>> Counts)
{
    public static DroppedCounts Nothing { get; } = new([]);

    public bool IsNothing => Counts.Count == 0;
}

/// <summary>Counts them. Any thread.</summary>
internal sealed class DropCounter
{
    private readonly long[] _counts = new long[Enum.GetValues<NotifyEvent>().Length];

    public void Add(NotifyEvent one) => Interlocked.Increment(ref _counts[(int)one]);

    /// <summary>The counts for the next message, which are then not reported again.</summary>
    public DroppedCounts Take()
    {
        var taken = new List<KeyValuePair<NotifyEvent, long>>();
        foreach (NotifyEvent one in Enum.GetValues<NotifyEvent>())
        {
            if (Interlocked.Exchange(ref _counts[(int)one], 0) is > 0 and var count)
            {
                taken.Add(new KeyValuePair<NotifyEvent, long>(one, count));
            }
        }

        return taken.Count == 0 ? DroppedCounts.Nothing : new DroppedCounts(taken);
    }

    /// <summary>The message reporting them did not arrive, either.</summary>
    public void PutBack(DroppedCounts taken)
    {
        foreach ((NotifyEvent one, long count) in taken.Counts)
        {
            Interlocked.Add(ref _counts[(int)one], count);
        }
    }
}
