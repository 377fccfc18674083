using System.Net;

namespace RedisProxy.Sessions;

/// <summary>
/// Limits the sessions of one listener over all loops, within the limit for all listeners together. Used once per connection, so an
/// interlocked counter is fast enough.
/// </summary>
/// <param name="max">For this listener.</param>
/// <param name="total">For all listeners; null: no further limit.</param>
internal sealed class SessionQuota(long max, SessionQuota? total = null)
{
    private long _max = max;
    private long _count;

    /// <summary>Lowering it ends no session, but admits no more. Reading it takes the common limit into account.</summary>
    public long Max
    {
        get => Math.Min(Volatile.Read(ref _max), total?.Max ?? long.MaxValue);
        set => Volatile.Write(ref _max, value);
    }

    /// <summary>Less than an eighth of the places is free.</summary>
    public bool IsShort => Volatile.Read(ref _count) > Volatile.Read(ref _max) * 7 / 8 || total is { IsShort: true };

    /// <summary>A quarter of the places, on each of so many loops: silent clients never keep others out.</summary>
    public int MaxSilentOn(int loops) => (int)Math.Clamp(Max / 4 / loops, 1, int.MaxValue);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= Volatile.Read(ref _max) && (total is null || total.TryEnter()))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>For a session that was admitted before, whether there is room or not.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref _count);
        total?.Enter();
    }

    public void Leave()
    {
        Interlocked.Decrement(ref _count);
        total?.Leave();
    }
}

/// <summary>Limits the sessions of each client address on one listener, over all loops. Used once per connection.</summary>
/// <param name="max">Per address.</param>
internal sealed class AddressQuota(int max)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _counts = [];

    /// <param name="address">The client's.</param>
    /// <param name="isForced">Whether there is room or not.</param>
    public bool TryEnter(IPAddress address, bool isForced = false)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(address);
            if (count >= max && !isForced)
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
