using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>How many messages one receiver has not got, by event, since the last one that it has.</summary>
internal readonly record struct DroppedCounts(IReadOnlyList<KeyValuePair<NotifyEvent, long>> Counts)
{
    public static DroppedCounts Nothing { get; } = new([]);

    public bool IsNothing => Counts.Count == 0;
}

/// <summary>Counts them. Any thread.</summary>
internal sealed class LeftOutCounter
{
    private readonly long[] _counts = new long[Enum.GetValues<NotifyEvent>().Length];

    public void Add(NotifyEvent one) => Interlocked.Increment(ref _counts[(int)one]);

    /// <summary>What a message is about to say, so that the next one does not.</summary>
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

    /// <summary>The message that was to say it did not arrive, either.</summary>
    public void PutBack(DroppedCounts taken)
    {
        foreach ((NotifyEvent one, long count) in taken.Counts)
        {
            Interlocked.Add(ref _counts[(int)one], count);
        }
    }
}
