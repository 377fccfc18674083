using RedisProxy.DataPlane;

namespace RedisProxy.Hosting;

/// <summary>Where the admin surface listens.</summary>
/// <param name="Listening">Null: the admin surface is turned off.</param>
internal sealed record AdminSockets(ListenerSockets? Listening);
