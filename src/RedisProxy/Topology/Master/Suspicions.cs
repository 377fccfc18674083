namespace RedisProxy.Topology;

/// <summary>
/// Suspicions are numbers that grow. A look at the master covers those that were there before it began, so whoever raised one knows
/// when the answer is newer than his reason. Raised from any thread; covered by one owner.
/// </summary>
internal sealed class Suspicions
{
    private long _newest;

    public long Newest => Interlocked.Read(ref _newest);

    /// <summary>The newest one that a look has settled, whatever it found.</summary>
    public long Covered { get; private set; }

    public bool AreAllCovered => Covered >= Newest;

    public long Raise() => Interlocked.Increment(ref _newest);

    public void Cover(long number) => Covered = Math.Max(Covered, number);
}
