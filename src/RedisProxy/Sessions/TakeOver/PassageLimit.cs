namespace RedisProxy.Sessions;

/// <summary>The most that a session may carry from one process to the next. It has to fit into one message of a unix socket.</summary>
internal static class PassageLimit
{
    public const int MaxBytes = 128 * 1024;

    /// <summary>Of requests that are not answered. Each takes some forty bytes, beside its own.</summary>
    public const int MaxRequests = 2048;
}
