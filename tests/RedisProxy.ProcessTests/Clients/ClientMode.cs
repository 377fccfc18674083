namespace RedisProxy.ProcessTests.Clients;

/// <summary>What a driver does all the time; see tests/clients/README.md.</summary>
internal enum ClientMode
{
    Plain,
    Pipelined,
    Transactional,
    PubSub,
    Blocking,
}

/// <summary>The parts of a run, in their order.</summary>
internal enum ClientStage
{
    Starting,

    /// <summary>Nothing happens.</summary>
    Steady,

    /// <summary>From <c>SENTINEL FAILOVER</c> until every driver has gone on at the new master, and the old one is a replica.</summary>
    Planned,

    /// <summary>From SIGKILL of the master until every driver has gone on at the new one.</summary>
    Killed,

    Over,
}
