using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>Receives what the Sentinels report about one master. Called on any thread.</summary>
internal interface ISentinelListener
{
    /// <summary>Sentinel's name for it.</summary>
    string MasterName { get; }

    /// <summary>A Sentinel has answered, has become unreachable, or has been discovered.</summary>
    void OnReport(SentinelReport report);

    /// <summary>A Sentinel is no longer known, or turned out to be another one.</summary>
    void OnGone(HostEndpoint sentinel);

    /// <summary>A Sentinel's event about this master.</summary>
    void OnEvent(SentinelEvent news, HostEndpoint sentinel);
}
