namespace RedisProxy.Topology;

/// <summary>
/// How long one Sentinel's answers take at best, on the network and at that Sentinel. One that is too far away cannot renew a
/// <see cref="Lease"/> before it has run out: waiting for it would stop the traffic again and again, for nothing but the time in which
/// this process is held up. So it is not waited for, and what is lost by that is said in the log.
/// <para>
/// Measured to the moment in which the kernel received the answer, and not to that in which it was read: a process that does not
/// get its processor must not take near Sentinels for far ones, because then it needs them most. Belongs to one link.
/// </para>
/// </summary>
internal sealed class SentinelDistance
{
    /// <summary>Half of the lease's term, with room for the pauses between two questions to be longer than ordered.</summary>
    private static readonly TimeSpan Far = TimeSpan.FromMilliseconds(30);

    /// <summary>About a second of questions.</summary>
    public const int Window = 16;

    private readonly TimeSpan[] _answers = new TimeSpan[Window];
    private long _count;

    /// <summary>The quickest of the last answers; zero when there are too few to tell.</summary>
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
