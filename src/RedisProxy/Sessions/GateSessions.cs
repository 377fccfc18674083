namespace RedisProxy.Sessions;

/// <summary>The sessions among the users of a gate, for code that knows the session type.</summary>
internal static class GateSessions
{
    extension(Gate gate)
    {
        public IEnumerable<Session> Sessions => gate.Users.OfType<Session>();
    }
}
