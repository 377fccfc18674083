using System.Text;

using RedisProxy.Configuration;

namespace RedisProxy.Sessions;

/// <summary><c>listeners[].durable</c>, in the units of the loops.</summary>
internal sealed class DurableSettings(DurableOptions durable, BackendOptions backend)
{
    /// <summary>So many have to have a write before its reply goes to the client.</summary>
    public int Replicas => durable.Replicas;

    public int TimeoutMs { get; } = (int)durable.Timeout.TotalMilliseconds;

    public bool Disconnects => durable.OnTimeout == DurableTimeoutAction.Disconnect;

    /// <summary>Arguments of AUTH, for the proxy's own connections; null: none.</summary>
    public byte[][]? Credentials { get; } =
        backend.Password is not { } password ? null
        : backend.Username is { } username ? [Encoding.UTF8.GetBytes(username), Encoding.UTF8.GetBytes(password)]
        : [Encoding.UTF8.GetBytes(password)];
}
