namespace RedisProxy.Notify;

/// <summary>Of what lasts, what one receiver has been told already. One user at a time.</summary>
internal sealed class DeliveredOutages
{
    private readonly HashSet<long> _ids = [];

    public bool Contains(long id) => _ids.Contains(id);

    /// <summary>True, once, when it has lasted long enough.</summary>
    public bool IsDue(Ongoing ongoing, TimeSpan after) => ongoing.Lasted >= after && _ids.Add(ongoing.Id);

    /// <summary>What is over is not asked for again.</summary>
    public void KeepOnly(IEnumerable<long> ongoing) => _ids.IntersectWith(ongoing);
}
