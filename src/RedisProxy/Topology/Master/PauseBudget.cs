namespace RedisProxy.Topology;

/// <summary>
/// How long each Sentinel may pause traffic for failovers that never come: 10 s, refilled over a minute. A Sentinel that has used up
/// its budget is ignored until the budget is full again, so it can pause traffic for at most a sixth of the time. One or two aborted
/// failovers stay far below that. Belongs to one <see cref="MasterTracker"/>, on its clock.
/// </summary>
internal sealed class PauseBudget
{
    public static readonly TimeSpan Whole = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan RefillTime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Account> _accounts = [];

    public bool IsLeftTo(string who, TimeSpan now) => !_accounts.TryGetValue(who, out Account account) || !account.At(now).IsExhausted;

    /// <summary>Traffic was paused for this long, and continues to the same master.</summary>
    /// <returns>False: the budget is used up.</returns>
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
