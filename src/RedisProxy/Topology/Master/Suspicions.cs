namespace RedisProxy.Topology;

/// <summary>
/// Suspicions are increasing numbers. A probe of the master covers those raised before it began, so whatever raised one knows when
/// the answer is newer than its reason. Raised from any thread; covered by one owner.
/// </summary>
internal sealed class Suspicions
{
    private long _newest;

    public long Newest => Interlocked.Read(ref _newest);

    /// <summary>The newest one that a probe has settled, whatever its result.</summary>
    public long Covered { get; private set; }

    public bool AreAllCovered => Covered >= Newest;

    public long Raise() => Interlocked.Increment(ref _newest);

    public void Cover(long number) => Covered = Math.Max(Covered, number);
}
