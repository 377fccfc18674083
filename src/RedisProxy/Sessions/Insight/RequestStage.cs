namespace RedisProxy.Sessions;

/// <summary>Where a request spends its time.</summary>
internal enum RequestStage
{
    /// <summary>In the proxy, until there is a connection to the server, or it is this request's turn there.</summary>
    Wait,

    /// <summary>In the proxy, for lack of a master.</summary>
    Hold,

    /// <summary>From its dispatch to a connection until the reply is read: the network, and the server.</summary>
    Backend,
}
