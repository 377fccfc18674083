namespace RedisProxy.Notify;

/// <summary>The ongoing outages that one receiver has already been notified of. One user at a time.</summary>
internal sealed class DeliveredOutages
{
    private readonly HashSet<long> _ids = [];

    public bool Contains(long id) => _ids.Contains(id);

    /// <summary>True, once, when it has lasted long enough.</summary>
    public bool IsDue(Ongoing ongoing, TimeSpan after) => ongoing.Lasted >= after && _ids.Add(ongoing.Id);

    /// <summary>Forgets those that are over.</summary>
    public void KeepOnly(IEnumerable<long> ongoing) => _ids.IntersectWith(ongoing);
}
