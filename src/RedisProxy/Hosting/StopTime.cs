using RedisProxy.Configuration;

namespace RedisProxy.Hosting;

/// <summary>The maximum duration of a stop, from the signal to the exit.</summary>
internal static class StopTime
{
    // Beyond the drain: closing the admin surface and the links to Sentinels.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(10);

    public static TimeSpan Most(ProxyOptions options) => options.Shutdown.MinDelay + options.Shutdown.DrainTimeout + Reserve;
}
