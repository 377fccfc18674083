using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>Whoever wants to know what the Sentinels say of one master. Called on any thread.</summary>
internal interface ISentinelListener
{
    /// <summary>Sentinel's name of it.</summary>
    string MasterName { get; }

    /// <summary>A Sentinel has answered, or is reachable no more, or is known now.</summary>
    void OnReport(SentinelReport report);

    /// <summary>A Sentinel is not known any more, or turned out to be another one.</summary>
    void OnGone(HostEndpoint sentinel);

    /// <summary>A Sentinel's event about this master.</summary>
    void OnEvent(SentinelEvent news, HostEndpoint sentinel);
}
