using System.Net;
using System.Net.Sockets;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>The result of checking one master.</summary>
/// <param name="MasterName">Sentinel's name for it; the listener's name without Sentinel.</param>
/// <param name="Opinions">One for each Sentinel, the configured ones first.</param>
/// <param name="Master">The master that would be accepted; null: see the reason.</param>
/// <param name="Reason">Why this master, or why none.</param>
/// <param name="Probe">The master's own answer; null without a master.</param>
/// <param name="Replicas">Mapped.</param>
internal sealed record MasterCheck(
    string MasterName,
    IReadOnlyList<SentinelOpinion> Opinions,
    MasterCandidate? Master,
    string Reason,
    ProbeReport? Probe,
    IReadOnlyList<HostEndpoint> Replicas)
{
    /// <summary>The proxy could serve this master now.</summary>
    public bool IsGood => Probe is { IsUp: true };
}

/// <summary>
/// Asks every configured Sentinel, the Sentinels they know, and the elected master once, for the <c>check</c> command: the same
/// questions and the same election as in service, without staying connected. Changes nothing.
/// </summary>
internal sealed class TopologyCheck
{
    private readonly ProxyOptions _options;
    private readonly TopologyContext _context;
    private readonly AddressPolicy _policy;
    private readonly Dictionary<string, IPAddress?> _addresses = [];

    private TopologyCheck(ProxyOptions options, TopologyContext context)
    {
        _options = options;
        _context = context;
        _policy = new AddressPolicy(options);
    }

    /// <summary>One result for each distinct master, or for each listener without Sentinel.</summary>
    /// <exception cref="TimeoutException">The whole check takes too long.</exception>
    public static async Task<IReadOnlyList<MasterCheck>> RunAsync(
        ProxyOptions options, TopologyContext context, TimeSpan timeout, CancellationToken stop)
    {
        using var limit = new TimeLimit(timeout, context.Time, stop);
        var check = new TopologyCheck(options, context);
        return await limit.ApplyToAsync(check.RunAsync(limit.Token), "the check did not complete");
    }

    private async Task<IReadOnlyList<MasterCheck>> RunAsync(CancellationToken stop)
    {
        var results = new List<MasterCheck>();
        if (_options.Sentinel is { } sentinel)
        {
            string[] masters = TopologyService.MastersOf(_options);
            KnownSentinel[] sentinels = await AskSentinelsAsync(sentinel, new SentinelQuestions(masters), stop);
            foreach (string master in masters)
            {
                results.Add(await CheckMasterAsync(master, sentinels, stop));
            }
        }
        else
        {
            foreach (ListenerOptions listener in _options.Listeners)
            {
                results.Add(await CheckEndpointAsync(listener.Name, _options.Backend.Endpoint!, stop));
            }
        }

        return results;
    }

    private async Task<KnownSentinel[]> AskSentinelsAsync(SentinelOptions options, SentinelQuestions questions, CancellationToken stop)
    {
        SentinelAccess access = SentinelAccess.Of(options, _options.Backend, _context);
        KnownSentinel[] sentinels = await Task.WhenAll(options.Endpoints.Distinct().Select(
            endpoint => AskSentinelAsync(new KnownSentinel(endpoint, isConfigured: true), access, questions, stop)));
        IEnumerable<ListedSentinel> learnt = sentinels.SelectMany(known => known.Listed)
            .Where(listed => !Array.Exists(sentinels, known => known.Is(listed.Id, _policy.Map(listed.Address))))
            .DistinctBy(listed => listed.Id)
            .Take(Math.Max(0, SentinelSet.MaxSentinels - sentinels.Length));
        sentinels = [.. sentinels, .. await Task.WhenAll(learnt.Select(
            listed => AskSentinelAsync(
                new KnownSentinel(_policy.Map(listed.Address), isConfigured: false) { Id = listed.Id }, access, questions, stop)))];
        foreach (KnownSentinel further in sentinels)
        {
            KnownSentinel same = Array.Find(sentinels, one => one == further || (one.Id.Length > 0 && one.Id == further.Id))!;
            if (same != further)
            {
                further.TakeLoss($"the same Sentinel as {same.Endpoint}");
                further.IsKnownOtherwise = true;
            }
        }

        return sentinels;
    }

    private static async Task<KnownSentinel> AskSentinelAsync(
        KnownSentinel known, SentinelAccess access, SentinelQuestions questions, CancellationToken stop)
    {
        try
        {
            await using SentinelConnection connection = await SentinelConnection.OpenAsync(known.Endpoint, access, _ => { }, stop);
            RespValue[] replies = await connection.AskAsync(questions.Ask(isFull: true), stop);
            known.Id = connection.Id;
            known.IsOpen = true;
            known.TakeRound(questions.Read(replies, isFull: true));
        }
        catch (Exception failure) when (failure is SocketException or IOException or TimeoutException)
        {
            known.TakeLoss(failure.Message);
        }

        return known;
    }

    private async Task<MasterCheck> CheckMasterAsync(string master, KnownSentinel[] sentinels, CancellationToken stop)
    {
        SentinelReport[] reports = [.. sentinels.Select(known => known.ReportOn(master))];
        foreach (HostEndpoint announced in reports.Select(report => report.Answer?.Master).OfType<HostEndpoint>())
        {
            await ResolveAsync(_policy.Map(announced).Host, stop);
        }

        SentinelVote[] votes = [.. reports.Select(report => SentinelVote.Of(report, _policy, _addresses.GetValueOrDefault))];
        ElectionResult result = MasterElection.Decide(accepted: null, votes, mayWait: false);
        HostEndpoint? elected = result.Accepted is { } found ? _policy.Map(found.Announced) : null;
        IEnumerable<HostEndpoint> replicas = reports.SelectMany(report => report.Lists.Replicas).Select(_policy.Map).Distinct();
        return new MasterCheck(
            master,
            [.. votes.Select(vote => vote.ToOpinion())],
            result.Accepted,
            result.Accepted is null ? VoteLogger.Describe(master, votes, result) : result.Reason,
            result.Accepted is null ? null : await ProbeAsync(result.Accepted, requiresRole: true, stop),
            [.. replicas.Where(replica => replica != elected)]);
    }

    private async Task<MasterCheck> CheckEndpointAsync(string name, HostEndpoint endpoint, CancellationToken stop)
    {
        IPEndPoint? address = await ResolveAsync(endpoint.Host, stop) is { } found ? new IPEndPoint(found, endpoint.Port) : null;
        string? objection = address is null ? $"no address of '{endpoint.Host}' is known" : _policy.Refuse(address);
        var candidate = objection is null ? new MasterCandidate(endpoint, address!, Epoch: 0) : null;
        ProbeReport? probe = candidate is null ? null : await ProbeAsync(candidate, requiresRole: false, stop);
        return new MasterCheck(name, [], candidate, objection ?? "as configured", probe, []);
    }

    private async Task<ProbeReport> ProbeAsync(MasterCandidate master, bool requiresRole, CancellationToken stop)
    {
        var settings = new ProbeSettings(_options.Backend, requiresRole, Interval: TimeSpan.Zero, _context);
        var node = new MasterNode(master.Announced, master.Address);
        var probe = new MasterProbe(node, generation: 0, settings, () => 0, _context.Loggers.CreateLogger<TopologyCheck>());
        return await probe.LookOnceAsync(stop);
    }

    private async Task<IPAddress?> ResolveAsync(string host, CancellationToken stop) =>
        _addresses[host] = await _context.FindAddressAsync(host, stop);
}
