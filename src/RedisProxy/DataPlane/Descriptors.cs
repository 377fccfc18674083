using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// Divides the descriptors that the process may have open. Hitting that limit would hurt more than just new clients: the runtime ends the
/// process when it gets no descriptor for something that it needs. So every part has its share, and refuses beyond it.
/// </summary>
internal static class Descriptors
{
    /// <summary>More than the admin surface ever needs.</summary>
    private const int MostOfAdmin = 128;

    // Kept free for everything that is not counted. The runtime holds every assembly open, about 190 of them; the rest is for
    // Sentinels, probes, and connections that are being refused or closed.
    private const int Reserved = 320;

    // One to the client and one to the master.
    private const int OfSession = 2;

    // A tenth each: where descriptors are short, sessions need them more.
    private const int Share = 10;

    private const int LeastOfAdmin = 4;

    /// <summary>Over all listeners.</summary>
    public static long MaxSessions(ProxyOptions options) =>
        Math.Max(1, (SystemLimits.MaxOpenFiles - Reserved - OfFacade(options.SentinelFacade) - OfAdmin(options.Admin)) / OfSession);

    /// <summary>Limit on connections to the Sentinel facade.</summary>
    public static long OfFacade(SentinelFacadeOptions facade) => facade.Bind is null
        ? 0
        : Math.Clamp((SystemLimits.MaxOpenFiles - Reserved) / Share, 1, facade.MaxConnections);

    /// <summary>Limit on connections to the admin surface.</summary>
    public static long OfAdmin(AdminOptions admin) => (admin.Bind ?? admin.MetricsBind) is null
        ? 0
        : Math.Clamp((SystemLimits.MaxOpenFiles - Reserved) / Share, LeastOfAdmin, MostOfAdmin);
}
