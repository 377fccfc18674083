namespace RedisProxy.Servers;

/// <summary>The proxy's own AUTH, to Sentinels and to masters.</summary>
internal static class Credentials
{
    /// <summary>One request, or none without a password.</summary>
    public static string[][] ToRequests(string? username, string? password) => (username, password) switch
    {
        (_, null) => [],
        (null, _) => [["AUTH", password]],
        _ => [["AUTH", username, password]],
    };
}
