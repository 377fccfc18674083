namespace RedisProxy.EventLoops;

/// <summary>How often in one turn of the loop a socket may go on without waiting, so that a busy one does not starve the others.</summary>
internal struct FairnessBudget
{
    private const int MaxWaitsPerTurn = 16;

    private int _turn;
    private int _waitsLeft;

    /// <summary>False: its share of this turn is used up.</summary>
    public bool TryTake(long turn)
    {
        if (_turn != (int)turn)
        {
            _turn = (int)turn;
            _waitsLeft = MaxWaitsPerTurn;
        }

        return --_waitsLeft > 0;
    }
}
