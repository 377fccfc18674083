namespace RedisProxy.Servers;

/// <summary>The connection has ended.</summary>
/// <param name="message">Why.</param>
/// <param name="byErrorReply">The peer gave the reason in an error reply, so it is alive: too many clients, protected mode.</param>
internal sealed class RespConnectionException(string message, bool byErrorReply) : IOException(message)
{
    public bool ByErrorReply { get; } = byErrorReply;
}
