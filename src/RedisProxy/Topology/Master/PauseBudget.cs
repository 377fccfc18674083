namespace RedisProxy.Topology;

/// <summary>
/// How long each Sentinel may stop the traffic for failovers that do not come: 10 s, which come back over a minute. Whoever has used up
/// all of it is not heeded until it is full again, so that of such a Sentinel's stops a sixth of the time remains, at most. A failover
/// that is given up once or twice is far from it. Belongs to one <see cref="MasterTracker"/>, on its clock.
/// </summary>
internal sealed class PauseBudget
{
    public static readonly TimeSpan Whole = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan RefillTime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Account> _accounts = [];

    public bool IsLeftTo(string who, TimeSpan now) => !_accounts.TryGetValue(who, out Account account) || !account.At(now).IsExhausted;

    /// <summary>Traffic was stopped for so long, and goes on to the same master.</summary>
    /// <returns>False: nothing is left.</returns>
    public bool Charge(string who, TimeSpan paused, TimeSpan now)
    {
        foreach ((string other, Account account) in _accounts)
        {
            if (account.At(now).Spent == TimeSpan.Zero)
            {
                _accounts.Remove(other);
            }
        }

        TimeSpan spent = _accounts.GetValueOrDefault(who).At(now).Spent + paused;
        bool isExhausted = spent >= Whole;
        _accounts[who] = new Account(isExhausted ? Whole : spent, isExhausted, now);
        return !isExhausted;
    }

    private readonly record struct Account(TimeSpan Spent, bool IsExhausted, TimeSpan AsOf)
    {
        public Account At(TimeSpan now)
        {
            TimeSpan rest = Spent - ((now - AsOf) * (Whole / RefillTime));
            return rest > TimeSpan.Zero ? new Account(rest, IsExhausted, now) : new Account(TimeSpan.Zero, false, now);
        }
    }
}
