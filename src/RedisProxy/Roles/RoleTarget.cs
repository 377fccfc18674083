using System.Globalization;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Roles;

/// <summary>
/// One server during one round. It is changed only while it reports the role, and the view that assigned the role is the newest one:
/// both are checked again directly before each change. Between that check and the change lies the time of one request; see
/// docs/roles.md.
/// </summary>
/// <param name="role">Its role in the view.</param>
/// <param name="server">The connection to it.</param>
/// <param name="master">The master that a replica must follow.</param>
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

    /// <summary>It reported the role, and its settings.</summary>
    public bool IsConfirmed { get; private set; }

    /// <summary>The settings that do not match, by the last answers.</summary>
    public IReadOnlyList<SettingDifference> Differences =>
    [
        .. wanted.Where(one => _settings.TryGetValue(one.Key, out string? now) && !ServerSetting.IsAs(one.Key, now, one.Value))
            .Select(one => new SettingDifference(one.Key, _settings[one.Key], one.Value))
            .OrderBy(one => one.Name, StringComparer.Ordinal),
    ];

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Asks for the role and the settings.</summary>
    /// <returns>Why it is left unchanged, or the settings it does not know; empty without an objection.</returns>
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

    /// <summary>Does it persist its data as its role requires, and is the persisted data complete?</summary>
    /// <exception cref="ServerException">It does not answer, or refuses.</exception>
    public async Task<bool> KeepsDataAsync()
    {
        string[] keeping = [.. wanted.Where(one => ServerSetting.Keeps(one.Key, one.Value)).Select(one => one.Key)];
        if (!IsConfirmed || keeping.Length == 0 || Array.Exists(keeping, name => !ServerSetting.Keeps(name, Setting(name))))
        {
            return false;
        }

        // An append-only file that was just switched on contains no earlier data until the first rewrite is over.
        IReadOnlyDictionary<string, string> info = await server.InfoAsync("persistence");
        return !keeping.Contains("appendonly")
            || (info.GetValueOrDefault("aof_rewrite_in_progress", "0") == "0"
                && info.GetValueOrDefault("aof_rewrite_scheduled", "0") == "0"
                && info.GetValueOrDefault("aof_last_bgrewrite_status", "ok") == "ok");
    }

    /// <summary>Sends what differs, all at once where the server supports that, and reads it back.</summary>
    /// <returns>What was changed, what was refused, and whether all was sent: not when the role was no longer confirmed.</returns>
    /// <exception cref="ServerException">It does not answer.</exception>
    public async Task<RoleChange> SetAsync(IReadOnlyList<SettingDifference> differences)
    {
        // A refused batch does not tell which of the settings was refused.
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
                string reason = refused.GetValueOrDefault(name, $"it accepted '{difference.Wanted}' but reports '{Setting(name)}'");
                refusals.Add($"CONFIG SET {name}: {reason}");
            }
        }

        return new RoleChange(changed, refusals, isStale);
    }

    /// <exception cref="ServerException">It refuses, or does not answer.</exception>
    public Task RewriteAsync() => server.AskAsync("CONFIG", "REWRITE");

    /// <summary>The last answer; empty when there was none.</summary>
    public string Setting(string name) => _settings.GetValueOrDefault(name, "");

    /// <returns>The refusal; empty when accepted. Null: it no longer has the role, and nothing was sent.</returns>
    private async Task<string?> SendAsync(IReadOnlyList<SettingDifference> differences)
    {
        if ((await ObjectionAsync()).Length > 0)
        {
            return null;
        }

        RespValue reply = await server.TryAskAsync(["CONFIG", "SET", .. differences.SelectMany(one => new[] { one.Name, one.Wanted })]);
        return reply.IsError ? reply.Text : "";
    }

    /// <returns>Why it must not be changed; empty when it may be.</returns>
    private async Task<string> ObjectionAsync()
    {
        RespValue reply = await server.AskAsync("ROLE");
        string said = reply.Items is [var first, ..] ? first.Text : "";
        string objection = role == NodeRole.Master
            ? said == "master" ? "" : $"it should be the master but reports the role '{said}'"
            : await ObjectionToReplicaAsync(said, reply);

        // Last, so that nothing lies between this check and the next request.
        return objection.Length > 0 ? objection : isCurrent() ? "" : "the master has changed";
    }

    // ROLE of a replica: "slave", the master's host and port, the state of the link, the offset. A server that reports "master" here is
    // an old one not demoted yet, and its data may be all there is.
    private async Task<string> ObjectionToReplicaAsync(string said, RespValue reply)
    {
        if (said != "slave" || reply.Items is not [_, var host, var port, var state, ..])
        {
            return $"it should be a replica but reports the role '{said}'";
        }

        HostEndpoint? followed = HostEndpoint.ReadAnnounced(host.Text, port.Text);
        return followed is null || !await master.IsAtAsync(followed)
            ? $"it replicates from {host.Text}:{port.Text}, but the master is {master.Address}"
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

    // Redis 7.0, and Valkey, which also reports a redis_version of 7 or more. Without permission to ask, settings are sent one by one.
    private async Task<bool> TakesSeveralAsync()
    {
        RespValue reply = await server.TryAskAsync("INFO", "server");
        string version = ServerConnection.ReadInfo(reply).GetValueOrDefault("redis_version", "");
        return !reply.IsError
            && int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) && major >= 7;
    }
}

/// <summary>The result of one attempt to change settings.</summary>
/// <param name="Changed">Set and read back.</param>
/// <param name="Refusals">The settings that the server refused or did not keep.</param>
/// <param name="IsStale">The role was no longer confirmed before all was sent.</param>
internal sealed record RoleChange(IReadOnlyList<SettingDifference> Changed, IReadOnlyList<string> Refusals, bool IsStale);

/// <summary>The master of a view, under every name that replicas may have for it.</summary>
/// <param name="node">Of the view.</param>
/// <param name="policy">Maps announced addresses.</param>
/// <param name="context">For the DNS.</param>
internal sealed class RoleMaster(MasterNode node, AddressPolicy policy, TopologyContext context)
{
    public IPEndPoint Address => node.Address;

    /// <summary>A replica reports the address it was given: the announced one, or a name of it, from its own side of a NAT.</summary>
    public async Task<bool> IsAtAsync(HostEndpoint followed)
    {
        HostEndpoint mapped = policy.Map(followed);
        return followed == node.Announced || mapped == policy.Map(node.Announced)
            || (mapped.Port == node.Address.Port
                && node.Address.Address.Equals(await context.FindAddressAsync(mapped.Host, CancellationToken.None)));
    }
}
