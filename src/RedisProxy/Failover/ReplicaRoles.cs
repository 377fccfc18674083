using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// Looks for the replica that has become a master. Each is asked again as soon as it has answered, and none is waited for: one that is
/// silent must not keep the promotion of another one from being seen.
/// </summary>
internal sealed class ReplicaRoles(IReadOnlyList<ServerConnection> replicas)
{
    private readonly Task<string>[] _asked = [.. replicas.Select(_ => Task.FromResult(""))];

    /// <summary>By the answers that have come so far.</summary>
    public async Task<ServerConnection?> LookAsync()
    {
        for (int i = 0; i < _asked.Length; i++)
        {
            if (_asked[i].IsCompleted)
            {
                if (await _asked[i] == "master")
                {
                    return replicas[i];
                }

                _asked[i] = AskAsync(replicas[i]);
            }
        }

        return null;
    }

    /// <summary>By what each says to a question that is asked after this call; those that do not answer are no masters.</summary>
    public async Task<ServerConnection?> FindAsync()
    {
        await SettleAsync();
        for (int i = 0; i < _asked.Length; i++)
        {
            _asked[i] = AskAsync(replicas[i]);
        }

        string[] roles = await Task.WhenAll(_asked);
        int found = Array.IndexOf(roles, "master");
        return found < 0 ? null : replicas[found];
    }

    /// <summary>No connection is used any more when this returns.</summary>
    public Task SettleAsync() => Task.WhenAll(_asked);

    private static async Task<string> AskAsync(ServerConnection replica)
    {
        try
        {
            return await replica.RoleAsync();
        }
        catch (ServerException)
        {
            // Sentinel ends all connections of the one that it promotes. It is asked again, over a new one.
            return "";
        }
    }
}
