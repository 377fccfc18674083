using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>A transaction changes the connection's state if one of its commands does, and it does so at its EXEC.</summary>
internal struct ChangesInTransaction
{
    private bool _isAny;

    /// <summary>Accounts for the next request.</summary>
    /// <param name="kind">Of its command.</param>
    /// <param name="isChange">It is a change, once the backend has agreed.</param>
    /// <param name="isOpen">A transaction is open when it arrives.</param>
    /// <returns>Later requests rely on the connection's state after it.</returns>
    public bool Add(CommandKind kind, bool isChange, bool isOpen)
    {
        bool changes = isChange && kind is not (CommandKind.Plain or CommandKind.Wait or CommandKind.WaitAof
            or CommandKind.Multi or CommandKind.Exec or CommandKind.Discard or CommandKind.Unwatch);
        bool isOfTransaction = kind == CommandKind.Exec && _isAny;
        _isAny = isOpen && kind is not (CommandKind.Exec or CommandKind.Discard or CommandKind.Reset) && (_isAny || changes);
        return changes || isOfTransaction;
    }

    /// <summary>Writes it, or reads it.</summary>
    public void Carry(StateCodec codec) => _isAny = codec.Bool(_isAny);
}
