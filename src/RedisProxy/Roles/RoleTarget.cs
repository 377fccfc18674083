using System.Globalization;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Roles;

/// <summary>
/// One server during one round. It is touched only while it says that it has the role, and the view that gave it the role is the newest
/// one: both are asked again directly before each change. Between that and the change lies the time of one request; see docs/roles.md.
/// </summary>
/// <param name="role">By the view.</param>
/// <param name="server">Where it is.</param>
/// <param name="master">Whom a replica has to follow.</param>
/// <param name="wanted">The settings of the role.</param>
/// <param name="isCurrent">Is the view still the newest one?</param>
internal sealed class RoleTarget(
    NodeRole role, ServerConnection server, RoleMaster master, IReadOnlyDictionary<string, string> wanted, Func<bool> isCurrent)
    : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal);

    public NodeRole Role => role;

    public string RoleName => role == NodeRole.Master ? "master" : "replica";

    public string Name => server.Announced.ToString();

    public HostEndpoint Endpoint => server.Announced;

    /// <summary>It said that it has the role, and what its settings are.</summary>
    public bool IsConfirmed { get; private set; }

    /// <summary>What is not as wanted, by the last answers.</summary>
    public IReadOnlyList<SettingDifference> Differences =>
    [
        .. wanted.Where(one => _settings.TryGetValue(one.Key, out string? now) && !ServerSetting.IsAs(one.Key, now, one.Value))
            .Select(one => new SettingDifference(one.Key, _settings[one.Key], one.Value))
            .OrderBy(one => one.Name, StringComparer.Ordinal),
    ];

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Asks for the role and the settings.</summary>
    /// <returns>Why it is left alone, or what it does not know; empty when there is nothing to say.</returns>
    /// <exception cref="ServerException">It does not answer, or refuses.</exception>
    public async Task<string> LookAsync()
    {
        if (await ObjectionAsync() is { Length: > 0 } objection)
        {
            return objection;
        }

        var unknown = new List<string>();
        foreach (string name in wanted.Keys)
        {
            await ReadAsync(name);
            if (!_settings.ContainsKey(name))
            {
                unknown.Add(name);
            }
        }

        IsConfirmed = true;
        return unknown.Count == 0 ? "" : $"it has no {string.Join(", ", unknown)}";
    }

    /// <summary>Does it keep its data on disk as its role wants it, and is what it keeps complete?</summary>
    /// <exception cref="ServerException">It does not answer, or refuses.</exception>
    public async Task<bool> KeepsDataAsync()
    {
        string[] keeping = [.. wanted.Where(one => ServerSetting.Keeps(one.Key, one.Value)).Select(one => one.Key)];
        if (!IsConfirmed || keeping.Length == 0 || Array.Exists(keeping, name => !ServerSetting.Keeps(name, Setting(name))))
        {
            return false;
        }

        // An append-only file that was just switched on has nothing of what was there before until the first rewrite is over.
        IReadOnlyDictionary<string, string> info = await server.InfoAsync("persistence");
        return !keeping.Contains("appendonly")
            || (info.GetValueOrDefault("aof_rewrite_in_progress", "0") == "0"
                && info.GetValueOrDefault("aof_rewrite_scheduled", "0") == "0"
                && info.GetValueOrDefault("aof_last_bgrewrite_status", "ok") == "ok");
    }

    /// <summary>Sends what differs, all at once where the server takes that, and reads it back.</summary>
    /// <returns>What was changed, what it refused, and whether it went on to the end: not when the role was not confirmed again.</returns>
    /// <exception cref="ServerException">It does not answer.</exception>
    public async Task<RoleChange> SetAsync(IReadOnlyList<SettingDifference> differences)
    {
        // After a refusal of all together: which of them it was is not said.
        bool isDone = differences.Count > 1 && await TakesSeveralAsync() && await SendAsync(differences) is { Length: 0 };
        bool isStale = false;
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < differences.Count && !isDone && !isStale; i++)
        {
            string? refusal = await SendAsync([differences[i]]);
            isStale = refusal is null;
            if (refusal is { Length: > 0 })
            {
                refused[differences[i].Name] = refusal;
            }
        }

        var changed = new List<SettingDifference>();
        var refusals = new List<string>();
        foreach (SettingDifference difference in differences)
        {
            string name = difference.Name;
            await ReadAsync(name);
            if (ServerSetting.IsAs(name, Setting(name), difference.Wanted))
            {
                changed.Add(difference);
            }
            else if (!isStale || refused.ContainsKey(name))
            {
                string reason = refused.GetValueOrDefault(name, $"it took '{difference.Wanted}' and has '{Setting(name)}'");
                refusals.Add($"CONFIG SET {name}: {reason}");
            }
        }

        return new RoleChange(changed, refusals, isStale);
    }

    /// <exception cref="ServerException">It refuses, or does not answer.</exception>
    public Task RewriteAsync() => server.AskAsync("CONFIG", "REWRITE");

    /// <summary>As it was answered last; empty when it never was.</summary>
    public string Setting(string name) => _settings.GetValueOrDefault(name, "");

    /// <returns>Why it refused; empty when it did not. Null: it has not the role any more, and nothing was sent.</returns>
    private async Task<string?> SendAsync(IReadOnlyList<SettingDifference> differences)
    {
        if ((await ObjectionAsync()).Length > 0)
        {
            return null;
        }

        RespValue reply = await server.TryAskAsync(["CONFIG", "SET", .. differences.SelectMany(one => new[] { one.Name, one.Wanted })]);
        return reply.IsError ? reply.Text : "";
    }

    /// <returns>Why it may not be touched; empty when it may.</returns>
    private async Task<string> ObjectionAsync()
    {
        RespValue reply = await server.AskAsync("ROLE");
        string said = reply.Items is [var first, ..] ? first.Text : "";
        string objection = role == NodeRole.Master
            ? said == "master" ? "" : $"it is the master, and says '{said}'"
            : await ObjectionToReplicaAsync(said, reply);

        // Last of all, so that nothing lies between this and what is sent next.
        return objection.Length > 0 ? objection : isCurrent() ? "" : "who the master is has changed";
    }

    // ROLE of a replica: "slave", the master's host and port, the state of the link, the offset. A server that says "master" here is an
    // old one that has not been demoted yet, and its data may be all there is.
    private async Task<string> ObjectionToReplicaAsync(string said, RespValue reply)
    {
        if (said != "slave" || reply.Items is not [_, var host, var port, var state, ..])
        {
            return $"it is a replica, and says '{said}'";
        }

        HostEndpoint? followed = HostEndpoint.ReadAnnounced(host.Text, port.Text);
        return followed is null || !await master.IsAtAsync(followed)
            ? $"it follows {host.Text}:{port.Text}, and the master is {master.Address}"
            : state.Text == "connected" ? "" : $"its link to the master is in the state '{state.Text}'";
    }

    private async Task ReadAsync(string name)
    {
        RespValue reply = await server.AskAsync("CONFIG", "GET", name);
        foreach ((string found, string value) in reply.ToFields())
        {
            _settings[found.ToLowerInvariant()] = value;
        }
    }

    // Redis 7.0 and Valkey, which says redis_version:7 or more as well. Who may not be asked is told one by one.
    private async Task<bool> TakesSeveralAsync()
    {
        RespValue reply = await server.TryAskAsync("INFO", "server");
        string version = ServerConnection.ReadInfo(reply).GetValueOrDefault("redis_version", "");
        return !reply.IsError
            && int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major >= 7;
    }
}

/// <summary>What came of one attempt to change settings.</summary>
/// <param name="Changed">Set and read back.</param>
/// <param name="Refusals">What the server refused, or did not keep.</param>
/// <param name="IsStale">The role was not confirmed again before all was sent.</param>
internal sealed record RoleChange(IReadOnlyList<SettingDifference> Changed, IReadOnlyList<string> Refusals, bool IsStale);

/// <summary>The master of a view, as replicas may call it.</summary>
/// <param name="node">Of the view.</param>
/// <param name="policy">What becomes of announced addresses.</param>
/// <param name="context">For the DNS.</param>
internal sealed class RoleMaster(MasterNode node, AddressPolicy policy, TopologyContext context)
{
    public IPEndPoint Address => node.Address;

    /// <summary>A replica says what it was told: the announced address, or a name of it, from its own side of a NAT.</summary>
    public async Task<bool> IsAtAsync(HostEndpoint followed)
    {
        HostEndpoint mapped = policy.Map(followed);
        return followed == node.Announced || mapped == policy.Map(node.Announced)
            || (mapped.Port == node.Address.Port
                && node.Address.Address.Equals(await context.FindAddressAsync(mapped.Host, CancellationToken.None)));
    }
}
