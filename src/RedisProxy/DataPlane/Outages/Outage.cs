using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// The time in which listeners of one master hold requests, and the moments that matter in it. Timestamps of the proxy's clock. Belongs to
/// <see cref="MasterOutages"/>, within its lock.
/// </summary>
/// <param name="before">What each listener had counted before it.</param>
/// <param name="began">When it began.</param>
/// <param name="beganAt">The same, by the wall clock.</param>
/// <param name="first">The view that it began with.</param>
internal sealed class Outage(
    IReadOnlyDictionary<string, RequestCost> before, long began, DateTimeOffset beganAt, TopologyView first, TimeProvider time)
{
    private TopologyView? _last;
    private long? _oldGone;
    private long? _promotionSeen;
    private long? _firstContinued;

    public IReadOnlyDictionary<string, RequestCost> Before => before;

    public long Began => began;

    public DateTimeOffset BeganAt => beganAt;

    public string Why => first.Reason;

    /// <summary>The last view that did not serve.</summary>
    public TopologyView Last => _last ?? first;

    /// <summary>Requests are not held any more.</summary>
    public long? Ended { get; private set; }

    public long? AllContinued { get; private set; }

    /// <summary>A view that does not serve.</summary>
    public void Take(TopologyView view)
    {
        _last = view;
        bool isReplaced = view.Generation != first.Generation || view.Availability == Availability.Verifying;
        _oldGone ??= isReplaced || view.Availability == Availability.Down ? time.GetTimestamp() : null;
        _promotionSeen ??= isReplaced || view.IsPromoting ? time.GetTimestamp() : null;
    }

    public void End() => Ended ??= time.GetTimestamp();

    /// <param name="serving">Sessions that serve.</param>
    /// <param name="waiting">Sessions that do not serve yet.</param>
    /// <returns>All have continued.</returns>
    public bool Look(long serving, long waiting)
    {
        _firstContinued ??= serving > 0 ? time.GetTimestamp() : null;
        AllContinued ??= serving > 0 && waiting == 0 ? time.GetTimestamp() : null;
        return waiting == 0;
    }

    /// <param name="firstSign">Of the failover.</param>
    /// <param name="waiting">Sessions that have not continued.</param>
    /// <param name="listeners">What was counted.</param>
    public FailoverCost Cost(long firstSign, long waiting, IReadOnlyDictionary<string, RequestCost> listeners)
    {
        double? After(long? moment) =>
            moment is { } at ? Math.Round((at - firstSign) / (double)time.TimestampFrequency, 3) + 0.0 : null; // Not -0.
        return new FailoverCost(
            Math.Max(0, After(began)!.Value), // One on demand begins a moment before the control plane hears of it.
            Why,
            After(_oldGone),
            After(_promotionSeen),
            After(_firstContinued),
            waiting == 0 ? After(AllContinued) : null,
            waiting,
            listeners.Values.Aggregate(RequestCost.None, static (sum, one) => sum + one),
            listeners);
    }
}
