namespace RedisProxy.EventLoops;

/// <summary>How often a socket may go on without waiting in one iteration of the loop, so that a busy one does not starve others.</summary>
internal struct FairnessBudget
{
    private const int MaxWaitsPerIteration = 16;

    private int _iteration;
    private int _waitsLeft;

    /// <summary>False: the budget of this iteration is spent.</summary>
    public bool TryTake(long iteration)
    {
        if (_iteration != (int)iteration)
        {
            _iteration = (int)iteration;
            _waitsLeft = MaxWaitsPerIteration;
        }

        return --_waitsLeft > 0;
    }
}
