using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// Finds the promoted replica. Each is asked again as soon as it has answered, and none is waited for: a silent replica must not delay
/// the discovery of another one's promotion.
/// </summary>
internal sealed class ReplicaRoles(IReadOnlyList<ServerConnection> replicas)
{
    private readonly Task<string>[] _asked = [.. replicas.Select(_ => Task.FromResult(""))];

    /// <summary>By the answers received so far.</summary>
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

    /// <summary>By each replica's answer to a question asked after this call; one that does not answer counts as no master.</summary>
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

    /// <summary>No connection is in use any more when this returns.</summary>
    public Task SettleAsync() => Task.WhenAll(_asked);

    private static async Task<string> AskAsync(ServerConnection replica)
    {
        try
        {
            return await replica.RoleAsync();
        }
        catch (ServerException)
        {
            // Sentinel closes all connections of the replica it promotes. It is asked again, over a new one.
            return "";
        }
    }
}
