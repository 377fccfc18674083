using RedisProxy.DataPlane;

namespace RedisProxy.Hosting;

/// <summary>The listening sockets of the admin surface.</summary>
/// <param name="Listening">Null: the admin surface is turned off.</param>
internal sealed record AdminSockets(ListenerSockets? Listening);
