namespace RedisProxy.Topology;

/// <summary>
/// The best answer time of one Sentinel, network included. One that is too far away cannot renew a <see cref="Lease"/> before it
/// expires: waiting for it would pause traffic again and again, just to cover the moments in which this process is stalled. So the
/// lease does not wait for it, and the log states the consequence.
/// <para>
/// Measured to the moment at which the kernel received the answer, not at which it was read: a process starved of CPU must not
/// mistake near Sentinels for far ones, because that is when it needs them most. Belongs to one link.
/// </para>
/// </summary>
internal sealed class SentinelDistance
{
    /// <summary>Half of the lease's term, leaving room for intervals between questions that run longer than planned.</summary>
    private static readonly TimeSpan Far = TimeSpan.FromMilliseconds(30);

    /// <summary>About a second of questions.</summary>
    public const int Window = 16;

    private readonly TimeSpan[] _answers = new TimeSpan[Window];
    private long _count;

    /// <summary>The fastest of the last answers; zero when there are too few to tell.</summary>
    public TimeSpan Best => _count < Window ? TimeSpan.Zero : _answers.Min();

    public bool IsFar => Best > Far;

    /// <param name="answer">From the question to the answer's arrival.</param>
    /// <returns>Whether it has become far, or near again.</returns>
    public bool Add(TimeSpan answer)
    {
        bool wasFar = IsFar;
        _answers[_count++ % Window] = answer > TimeSpan.Zero ? answer : TimeSpan.Zero;
        return IsFar != wasFar;
    }
}
