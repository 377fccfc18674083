using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>Has the loops sample keys for a while, for one caller at a time. Otherwise they know no keys.</summary>
internal sealed class KeySampling(Forwarder forwarder, TimeProvider time)
{
    private int _isBusy;

    /// <returns><see cref="HotKeysAnswer.Busy"/>: another caller was first.</returns>
    /// <exception cref="TimeoutException">A loop is hung.</exception>
    public async Task<HotKeysAnswer> RunAsync(HotKeysQuery query, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            return HotKeysAnswer.Busy;
        }

        (string Listener, SessionListener Part)[] parts = LoopQuestions.PartsOf(forwarder, query.List.Listener);
        long began = time.GetTimestamp();
        try
        {
            return AnswerOf(await SampleAsync(parts, query.For, cancel), time.GetElapsedTime(began), query.List.Limit);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    private async Task<KeySample[]> SampleAsync(
        (string Listener, SessionListener Part)[] parts, TimeSpan span, CancellationToken cancel)
    {
        KeySample?[] taken = [];
        try
        {
            await LoopQuestions.AskAsync(parts, static (_, part) => part.Counters.Keys = new KeySample());
            await Task.Delay(span, time, cancel);
        }
        finally
        {
            // Also when the caller has left: nobody pays for a sample that nobody reads.
            taken = await LoopQuestions.AskAsync(parts, static (_, part) =>
            {
                KeySample? sample = part.Counters.Keys;
                part.Counters.Keys = null;
                return sample;
            });
        }

        return [.. taken.OfType<KeySample>()];
    }

    private static HotKeysAnswer AnswerOf(KeySample[] samples, TimeSpan span, int limit)
    {
        KeyStatus[] keys =
        [
            .. samples.SelectMany(static sample => sample.Uses).GroupBy(static use => use.Key, static use => use.Value).Select(
                static key => new KeyStatus(KeySample.TextOf(key.Key), key.Sum(use => use.Requests), key.Max(use => use.LargestBytes))),
        ];
        return new HotKeysAnswer(
            span.TotalSeconds,
            samples.Sum(static sample => sample.Requests),
            keys.Length,
            samples.Sum(static sample => sample.NotCounted),
            [.. keys.OrderByDescending(static key => key.Requests).ThenBy(static key => key.Key, StringComparer.Ordinal).Take(limit)],
            [.. keys.OrderByDescending(static key => key.LargestBytes).ThenBy(static key => key.Key, StringComparer.Ordinal).Take(limit)]);
    }
}
