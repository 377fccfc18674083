using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// Checks before a failover on demand: would Sentinel execute it now, and would the replica that it may choose have all the data? Whether
/// that replica could do the master's work is for the audit to judge. Changes nothing.
/// </summary>
internal sealed class FailoverPreflight(ProxyOptions options, TopologyContext context)
{
    private readonly AddressPolicy _policy = new(options);
    private readonly List<FailoverCheck> _checks = [];
    private readonly List<ListedReplica> _eligible = [];
    private readonly List<ListedReplica> _leftOut = [];
    private List<string> _objections = [];
    private List<string> _remarks = [];

    /// <param name="view">Of the master to be replaced.</param>
    public async Task<FailoverPlan> RunAsync(TopologyView view)
    {
        string name = view.MasterName;
        Begin(FailoverCheck.Available);
        if (view.Availability != Availability.Available || view.Master is not { } node)
        {
            _objections.Add($"the master of '{name}' is not available now: {view.Reason}");
            return new FailoverPlan(name, null, null, [], _checks);
        }

        Begin(FailoverCheck.Sentinels);
        HostEndpoint? sentinel = ChooseSentinel(view);
        if (sentinel is null)
        {
            _objections.Add($"no connected Sentinel reports {node.Announced}");
            return new FailoverPlan(name, null, null, [], _checks);
        }

        var master = new ServerConnection(node.Announced, node.Address, options.Backend, context);
        var replicas = new List<ServerConnection>();
        try
        {
            await AskSentinelAsync(sentinel, name, replicas);
            await LookAtMasterAsync(master, replicas);
        }
        catch (ServerException failure)
        {
            _objections.Add(failure.Message);
        }

        return new FailoverPlan(name, sentinel, master, replicas, _checks)
        {
            Candidates = Candidates(),
            OtherSentinels =
                [.. view.Sentinels.Where(one => one.IsConnected && one.Sentinel != sentinel).Select(one => one.Sentinel)],
            LeftOut = _leftOut,
        };
    }

    // Objections and remarks are of this check from now on.
    private void Begin(string check)
    {
        _objections = [];
        _remarks = [];
        _checks.Add(new FailoverCheck(check) { Objections = _objections, Remarks = _remarks });
    }

    private HostEndpoint? ChooseSentinel(TopologyView view)
    {
        SentinelOpinion[] connected = [.. view.Sentinels.Where(sentinel => sentinel.IsConnected)];
        int majority = (view.Sentinels.Count / 2) + 1;
        if (connected.Length < majority)
        {
            _objections.Add($"only {connected.Length} of {view.Sentinels.Count} Sentinels are connected, a failover needs {majority}");
        }

        SentinelOpinion[] agreeing = [.. connected.Where(sentinel => sentinel.Master == view.Master!.Announced)];
        _objections.AddRange(connected.Except(agreeing).Select(
            sentinel => $"Sentinel {sentinel.Sentinel} reports {sentinel.Master?.ToString() ?? "no master"}"));

        // Just after a failover Sentinel is "disconnected" from the new master for a moment; that alone is no objection.
        _objections.AddRange(agreeing.Where(sentinel => sentinel.Flags is not ("master" or "master,disconnected")).Select(
            sentinel => $"Sentinel {sentinel.Sentinel} reports the flags {sentinel.Flags} for the master"));
        return agreeing.FirstOrDefault()?.Sentinel;
    }

    private async Task AskSentinelAsync(HostEndpoint sentinel, string name, List<ServerConnection> replicas)
    {
        RespValue[] replies = await SentinelCall.AskAsync(
            sentinel, options, context, answerWithin: null,
            ["SENTINEL", "CKQUORUM", name], ["SENTINEL", "REPLICAS", name]);
        Begin(FailoverCheck.Quorum);
        if (replies[0].IsError)
        {
            _objections.Add($"Sentinel {sentinel} says: {replies[0].Text}");
        }

        Begin(FailoverCheck.Replicas);
        IReadOnlyList<ListedReplica> listed = ListedReplica.Read(replies[1]);
        int? best = listed.Where(static replica => replica.IsEligible).Min(static replica => (int?)replica.Priority);
        foreach (ListedReplica replica in listed)
        {
            if (replica.IsEligible)
            {
                HostEndpoint mapped = _policy.Map(replica.Announced);
                _eligible.Add(replica);
                replicas.Add(new ServerConnection(replica.Announced, await ResolveAsync(mapped), options.Backend, context));
            }
            else if (replica.CanBeLeftOut(best))
            {
                _leftOut.Add(replica);
                _remarks.Add(replica.Absence);
            }
            else
            {
                Object(replica);
            }
        }

        if (replicas.Count == 0)
        {
            _objections.Add("there is no replica that Sentinel could promote");
        }
    }

    private void Object(ListedReplica replica)
    {
        if (!replica.IsUp)
        {
            _objections.Add($"replica {replica.Announced} is unhealthy: Sentinel reports the flags {replica.Flags} for it");
        }
        else if (!replica.IsLinked)
        {
            _objections.Add($"replica {replica.Announced} has lost its link to the master");
        }
    }

    private HostEndpoint[] Candidates()
    {
        int first = _eligible.Select(static replica => replica.Priority).DefaultIfEmpty().Min();
        return [.. _eligible.Where(replica => replica.Priority == first).Select(static replica => replica.Announced)];
    }

    private async Task<IPEndPoint> ResolveAsync(HostEndpoint endpoint)
    {
        IPAddress? address = await context.FindAddressAsync(endpoint.Host, CancellationToken.None);
        return address is null
            ? throw new ServerException($"the address of '{endpoint.Host}' is not known")
            : new IPEndPoint(address, endpoint.Port);
    }

    private async Task LookAtMasterAsync(ServerConnection master, List<ServerConnection> replicas)
    {
        Begin(FailoverCheck.Permissions);
        await CheckPermissionsAsync(master);
        Begin(FailoverCheck.Pauses);
        IReadOnlyDictionary<string, string> clients = await master.InfoAsync("clients");
        if (clients.GetValueOrDefault("paused_reason", "none") != "none")
        {
            _objections.Add($"the clients of {master.Announced} are paused already");
        }

        Begin(FailoverCheck.Lag);
        foreach (ServerConnection replica in replicas)
        {
            long? lag = await FailoverSteps.LagAsync(master, replica);
            if (lag is null or > ReplicaOptions.DefaultMaxLagBytes)
            {
                _objections.Add(
                    lag is null
                        ? $"the lag of replica {replica.Announced} is unknown"
                        : $"replica {replica.Announced} is {lag} bytes behind the master");
            }
        }
    }

    // ACL DRYRUN came with redis 7.0; on older servers, or without permission to ask, a missing permission shows when the command
    // is sent, before anything is changed.
    private async Task CheckPermissionsAsync(ServerConnection master)
    {
        RespValue user = await master.TryAskAsync("ACL", "WHOAMI");
        foreach (string[] needed in new string[][] { ["CLIENT", "PAUSE", "1", "WRITE"], ["REPLICAOF", "NO", "ONE"] })
        {
            if (!user.IsError
                && await master.TryAskAsync(["ACL", "DRYRUN", user.Text, .. needed]) is { IsError: false, Text: not "OK" } refusal)
            {
                _objections.Add($"{master.Announced}: {refusal.Text}");
            }
        }
    }
}
