using System.Diagnostics;
using System.Numerics;

namespace RedisProxy.EventLoops;

/// <summary>
/// The timers of one loop: a hashed wheel. Arming, disarming and firing take constant time, whatever the number of timers. A timer never
/// fires early, and is late by at most one tick plus the loop's iteration. One bit per slot marks the occupied ones, so that finding the
/// next takes a few words.
/// </summary>
internal sealed class TimerWheel
{
    /// <summary>Fine enough for holds and ramps, coarse enough that a busy loop seldom has one to look at.</summary>
    public const int TickMs = 4;

    private const int SlotCount = 1024;
    private const int BitsPerWord = 64;

    private readonly LoopTimer?[] _slots = new LoopTimer?[SlotCount];
    private readonly ulong[] _occupied = new ulong[SlotCount / BitsPerWord];
    private readonly Action<Exception> _onError;
    private long _nextTick;
    private int _count;

    /// <param name="nowMs">The loop's clock.</param>
    /// <param name="onError">Receives exceptions of callbacks; the wheel continues.</param>
    public TimerWheel(long nowMs, Action<Exception> onError)
    {
        _nextTick = nowMs / TickMs;
        _onError = onError;
    }

    public int Count => _count;

    public void Arm(LoopTimer timer, long dueMs)
    {
        Disarm(timer);
        long tick = Math.Max((dueMs + TickMs - 1) / TickMs, _nextTick);
        int slot = (int)(tick & (SlotCount - 1));
        timer.DueTick = tick;
        timer.IsArmed = true;
        timer.Previous = null;
        timer.Next = _slots[slot];
        if (timer.Next is not null)
        {
            timer.Next.Previous = timer;
        }

        _slots[slot] = timer;
        _occupied[slot / BitsPerWord] |= 1UL << (slot % BitsPerWord);
        _count++;
    }

    public void Disarm(LoopTimer timer)
    {
        if (!timer.IsArmed)
        {
            return;
        }

        int slot = (int)(timer.DueTick & (SlotCount - 1));
        if (timer.Previous is null)
        {
            Debug.Assert(_slots[slot] == timer, "armed on another loop?");
            _slots[slot] = timer.Next;
        }
        else
        {
            timer.Previous.Next = timer.Next;
        }

        if (timer.Next is not null)
        {
            timer.Next.Previous = timer.Previous;
        }

        if (_slots[slot] is null)
        {
            _occupied[slot / BitsPerWord] &= ~(1UL << (slot % BitsPerWord));
        }

        timer.Next = null;
        timer.Previous = null;
        timer.IsArmed = false;
        _count--;
    }

    /// <summary>Milliseconds until a timer may be due; -1: none is armed.</summary>
    public int TimeoutMs(long nowMs)
    {
        if (_count == 0)
        {
            return -1;
        }

        long due = (_nextTick + TicksToNextOccupied()) * TickMs;
        return (int)Math.Clamp(due - nowMs, 0, int.MaxValue);
    }

    /// <summary>Fires due timers. Callbacks may arm and disarm any timer.</summary>
    public void Advance(long nowMs)
    {
        long lastTick = nowMs / TickMs;
        if (_count == 0)
        {
            _nextTick = Math.Max(_nextTick, lastTick + 1);
            return;
        }

        // More than one revolution would visit the same slots again.
        long first = Math.Max(_nextTick, lastTick - SlotCount + 1);
        for (long tick = first; tick <= lastTick; tick++)
        {
            _nextTick = tick + 1;
            FireSlot((int)(tick & (SlotCount - 1)), lastTick);
        }
    }

    private void FireSlot(int slot, long lastTick)
    {
        while (FirstDue(_slots[slot], lastTick) is { } timer)
        {
            Disarm(timer);
            try
            {
                timer.Fire();
            }
            catch (Exception error)
            {
                _onError(error);
            }
        }
    }

    // A callback may change the list, so each search starts over. A timer it arms is due in a later tick.
    private static LoopTimer? FirstDue(LoopTimer? timer, long lastTick)
    {
        while (timer is not null && timer.DueTick > lastTick)
        {
            timer = timer.Next;
        }

        return timer;
    }

    private int TicksToNextOccupied()
    {
        int start = (int)(_nextTick & (SlotCount - 1));
        int word = start / BitsPerWord;
        ulong bits = _occupied[word] & (ulong.MaxValue << (start % BitsPerWord));
        for (int i = 0; i <= _occupied.Length; i++)
        {
            if (bits != 0)
            {
                int slot = (word * BitsPerWord) + BitOperations.TrailingZeroCount(bits);
                return (slot - start + SlotCount) & (SlotCount - 1);
            }

            word = (word + 1) % _occupied.Length;
            bits = _occupied[word];
        }

        return SlotCount;
    }
}
