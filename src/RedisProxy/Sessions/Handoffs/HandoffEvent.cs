namespace RedisProxy.Sessions;

/// <summary>What clients are told, by the names that Redis's own proxy uses.</summary>
internal enum HandoffEvent : byte
{
    FailingOver,
    FailedOver,
    Moving,
}
