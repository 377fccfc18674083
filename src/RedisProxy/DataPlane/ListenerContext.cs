using Microsoft.Extensions.Logging;

using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Transport;

namespace RedisProxy.DataPlane;

/// <summary>Shared by all listeners of one process.</summary>
/// <param name="Loops">Each listener has a part on each.</param>
/// <param name="Limiters">One for each loop.</param>
/// <param name="Tls">Of the listeners and towards the master.</param>
/// <param name="Takeover">Shares or takes over the listeners' addresses.</param>
/// <param name="Time">The loops' clock.</param>
/// <param name="Log">Of this layer.</param>
internal sealed record ListenerContext(
    IReadOnlyList<EventLoop> Loops,
    IReadOnlyList<ConnectLimiter> Limiters,
    TlsSetup Tls,
    PortTakeover Takeover,
    TimeProvider Time,
    ILogger Log)
{
    /// <summary>Of events that clients are told of.</summary>
    public HandoffNumbers Numbers { get; } = new(Time);

    public OutageLedger Outages { get; } = new(Time, Log);
}
