using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Roles;

/// <summary>How a round ended.</summary>
internal enum RoleRoundEnd
{
    /// <summary>Every server matches its role.</summary>
    Done,

    /// <summary>Something was changed, and what is still missing mostly waits for just that: another round is due soon.</summary>
    Advanced,

    /// <summary>Some servers do not match, or did not answer: another round is due, after a longer pause each time.</summary>
    Unfinished,
}

/// <summary>
/// One check of all servers of one master, and the resulting changes. In this order, so that a failover at any moment finds the data
/// persisted on at least one server:
/// <para>1. Every server is asked for its role and its settings. 2. Everything that differs is set, on all servers at once,
/// except what makes a server persist less. 3. That is set once a server of the other role persists its data now, completely; or
/// if the other role is not configured to persist anything.</para>
/// </summary>
internal sealed class RoleRound(
    ITopologySource source, TopologyView view, ProxyOptions options, TopologyContext context, RoleRecord record)
{
    private readonly RoleOptions _roles = options.Roles;
    private readonly AddressPolicy _policy = new(options);
    private volatile bool _isUnfinished;
    private volatile bool _hasChanged;

    public async Task<RoleRoundEnd> RunAsync()
    {
        record.BeginRound();
        List<RoleTarget> nodes = await FindAsync();
        try
        {
            // 1.
            await Task.WhenAll(nodes.Select(node => TryAsync(node, () => LookAsync(node))));
            RoleTarget[] confirmed = [.. nodes.Where(node => node.IsConfirmed)];
            if (_roles.DryRun)
            {
                Array.ForEach(confirmed, node => record.AddDifferences(node, node.Differences, isDryRun: true));
            }
            else
            {
                await ChangeAsync(confirmed);
            }
        }
        finally
        {
            foreach (RoleTarget node in nodes)
            {
                await node.DisposeAsync();
            }
        }

        record.EndRound();
        return !_isUnfinished ? RoleRoundEnd.Done : _hasChanged ? RoleRoundEnd.Advanced : RoleRoundEnd.Unfinished;
    }

    private async Task<List<RoleTarget>> FindAsync()
    {
        var master = new RoleMaster(view.Master!, _policy, context);
        List<RoleTarget> nodes = [Node(NodeRole.Master, view.Master!.Announced, view.Master.Address, master)];
        foreach (HostEndpoint replica in view.Replicas)
        {
            IPAddress? found = await context.FindAddressAsync(replica.Host, CancellationToken.None);
            string objection = found is null
                ? $"the address of '{replica.Host}' is not known"
                : _policy.Refuse(new IPEndPoint(found, replica.Port)) ?? "";
            if (objection.Length == 0)
            {
                nodes.Add(Node(NodeRole.Replica, replica, new IPEndPoint(found!, replica.Port), master));
            }
            else
            {
                LeaveAlone(replica, objection);
            }
        }

        return nodes;
    }

    private RoleTarget Node(NodeRole role, HostEndpoint announced, IPEndPoint address, RoleMaster master) =>
        new(role, new ServerConnection(announced, address, options.Backend, context), master, ConfigOf(role), IsCurrent);

    private IReadOnlyDictionary<string, string> ConfigOf(NodeRole role) =>
        role == NodeRole.Master ? _roles.Master.Config : _roles.Replica.Config;

    private bool IsCurrent() => source.Current is { Availability: Availability.Available, IsPromoting: false } now
        && now.Generation == view.Generation;

    private async Task LookAsync(RoleTarget node)
    {
        if (await node.LookAsync() is not { Length: > 0 } objection)
        {
            return;
        }

        if (node.IsConfirmed)
        {
            Fail(node, objection);
        }
        else
        {
            LeaveAlone(node.Endpoint, objection);
        }
    }

    private async Task ChangeAsync(RoleTarget[] nodes)
    {
        // 2.
        await Task.WhenAll(nodes.Select(node => TryAsync(node, () => SetAsync(node, [.. node.Differences.Where(one => !KeepsLess(one))]))));

        // 3.
        foreach (RoleTarget node in nodes)
        {
            SettingDifference[] less = [.. node.Differences.Where(KeepsLess)];
            if (less.Length > 0 && await IsKeptElsewhereAsync(node, nodes))
            {
                await TryAsync(node, () => SetAsync(node, less));
            }
            else if (less.Length > 0)
            {
                _isUnfinished = true;
                record.AddDifferences(node, less, isDryRun: false);
            }
        }

        if (_roles.Rewrite)
        {
            foreach (RoleTarget node in nodes.Where(record.OwesRewrite))
            {
                await TryAsync(node, () => RewriteAsync(node));
            }
        }
    }

    private static bool KeepsLess(SettingDifference one) => ServerSetting.KeepsLess(one.Name, one.Now, one.Wanted);

    private async Task<bool> IsKeptElsewhereAsync(RoleTarget node, RoleTarget[] nodes)
    {
        NodeRole other = node.Role == NodeRole.Master ? NodeRole.Replica : NodeRole.Master;
        if (!ConfigOf(other).Any(one => ServerSetting.Keeps(one.Key, one.Value)))
        {
            return true;
        }

        foreach (RoleTarget one in nodes.Where(one => one.Role == other))
        {
            bool isKept = false;
            await TryAsync(one, async () => isKept = await one.KeepsDataAsync());
            if (isKept)
            {
                return true;
            }
        }

        return false;
    }

    private async Task SetAsync(RoleTarget node, SettingDifference[] differences)
    {
        if (differences.Length == 0)
        {
            return;
        }

        // Whatever happens, settings not confirmed as set are still to be set.
        int left = differences.Length;
        try
        {
            RoleChange change = await node.SetAsync(differences);
            left -= change.Changed.Count;
            foreach (SettingDifference one in change.Changed)
            {
                record.AddChange(node, one, node.Setting(one.Name));
                record.OweRewrite(node);
                _hasChanged = true;
            }

            foreach (string refusal in change.Refusals)
            {
                Fail(node, refusal);
            }

            _isUnfinished |= change.IsStale;
        }
        finally
        {
            record.AddUnchanged(left);
        }
    }

    private async Task RewriteAsync(RoleTarget node)
    {
        await node.RewriteAsync();
        record.AddRewrite(node);
    }

    // One server must not keep the others from being checked.
    private async Task TryAsync(RoleTarget node, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (ServerException failure) when (failure.InnerException is SocketException or TimeoutException
            or RespConnectionException { ByErrorReply: false })
        {
            LeaveAlone(node.Endpoint, failure.Message);
        }
        catch (ServerException failure)
        {
            Fail(node, failure.Message);
        }
    }

    private void LeaveAlone(HostEndpoint server, string reason)
    {
        _isUnfinished = true;
        record.AddLeftAlone(server, reason);
    }

    private void Fail(RoleTarget node, string reason)
    {
        _isUnfinished = true;
        record.AddFailure(node, reason);
    }
}
