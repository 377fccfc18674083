namespace RedisProxy.Sessions;

/// <summary>The sessions among the users of a gate, for those who know what a session is.</summary>
internal static class GateSessions
{
    extension(Gate gate)
    {
        public IEnumerable<Session> Sessions => gate.Users.OfType<Session>();
    }
}
