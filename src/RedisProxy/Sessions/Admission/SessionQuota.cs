using System.Net;

namespace RedisProxy.Sessions;

/// <summary>
/// How many sessions one listener has, over all loops, within what all listeners may have together. Asked once a connection, so an
/// interlocked counter will do.
/// </summary>
/// <param name="max">Of this listener.</param>
/// <param name="total">Of all; null: there is no further limit.</param>
internal sealed class SessionQuota(long max, SessionQuota? total = null)
{
    private long _max = max;
    private long _count;

    /// <summary>More than there may be now stay; they only get no company. Read with what all may have together.</summary>
    public long Max
    {
        get => Math.Min(Volatile.Read(ref _max), total?.Max ?? long.MaxValue);
        set => Volatile.Write(ref _max, value);
    }

    /// <summary>Less than an eighth of the places is free.</summary>
    public bool IsShort => Volatile.Read(ref _count) > Volatile.Read(ref _max) * 7 / 8 || total is { IsShort: true };

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= Volatile.Read(ref _max) && (total is null || total.TryEnter()))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Leave()
    {
        Interlocked.Decrement(ref _count);
        total?.Leave();
    }
}

/// <summary>How many sessions each client address has on one listener, over all loops. Asked once a connection.</summary>
/// <param name="max">Of one address.</param>
internal sealed class AddressQuota(int max)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _counts = [];

    public bool TryEnter(IPAddress address)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(address);
            if (count >= max)
            {
                return false;
            }

            _counts[address] = count + 1;
            return true;
        }
    }

    public void Leave(IPAddress address)
    {
        lock (_lock)
        {
            if (--_counts[address] == 0)
            {
                _counts.Remove(address);
            }
        }
    }
}
