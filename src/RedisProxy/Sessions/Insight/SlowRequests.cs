namespace RedisProxy.Sessions;

/// <summary>The last requests of one listener on one loop that took long. Only the loop's thread touches it.</summary>
internal sealed class SlowRequests
{
    public const int Kept = 128;

    private SlowRequest?[] _ring = [];
    private long _next;

    /// <summary>Since the start.</summary>
    public long Count => Interlocked.Read(ref _next);

    public void Add(SlowRequest request)
    {
        _ring = _ring.Length == 0 ? new SlowRequest?[Kept] : _ring;
        _ring[_next++ % Kept] = request;
    }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<SlowRequest> Newest(int most) =>
        [.. Enumerable.Range(1, (int)Math.Min(Math.Min(most, Kept), _next)).Select(back => _ring[(_next - back) % Kept]!)];
}
