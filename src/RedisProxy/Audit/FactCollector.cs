using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Audit;

/// <summary>
/// Asks servers and Sentinels for what the rules need. Reads only. Refused or unknown commands are recorded beside the answers.
/// </summary>
internal sealed class FactCollector(ProxyOptions options, TopologyContext context)
{
    private static readonly string[] Sections = ["server", "clients", "memory", "persistence", "replication"];

    // The commands that Sentinel sends to demote or promote a server (sentinel.c, sentinelSendSlaveOf), and to monitor it.
    private static readonly string[] FailoverCommands =
        ["PING", "INFO", "PUBLISH", "MULTI", "EXEC", "SLAVEOF", "REPLICAOF", "CONFIG", "CLIENT"];

    // Redis has 21.
    private const int MaxCategories = 64;

    private readonly AddressPolicy _policy = new(options);

    /// <param name="check">The Sentinels' answers, from just before.</param>
    public async Task<DeploymentFacts> CollectAsync(MasterCheck check)
    {
        Task<ServerFacts>? master = check.Master is { } found ? AskServerAsync(found.Announced, found.Address) : null;
        Task<ServerFacts[]> replicas = Task.WhenAll(check.Replicas.Select(AskReplicaAsync));

        // One Sentinel can be known by two addresses; it counts once.
        Task<SentinelFacts[]> sentinels = Task.WhenAll(
            check.Opinions.Where(opinion => !opinion.IsKnownOtherwise).Select(opinion => AskSentinelAsync(opinion, check.MasterName)));
        return new DeploymentFacts(
            check.MasterName, master is null ? null : await master, check.Reason, await replicas, await sentinels);
    }

    private async Task<SentinelFacts> AskSentinelAsync(SentinelOpinion opinion, string master)
    {
        if (!opinion.IsConnected)
        {
            return new SentinelFacts { Endpoint = opinion.Sentinel, Failure = opinion.Error };
        }

        if (opinion.HasNoSay)
        {
            return new SentinelFacts { Endpoint = opinion.Sentinel, HasNoSay = true };
        }

        try
        {
            RespValue[] replies = await SentinelCall.AskAsync(
                opinion.Sentinel, options, context, answerWithin: null,
                ["SENTINEL", "MASTER", master], ["INFO", "clients"], ["SENTINEL", "CKQUORUM", master]);
            return Read(opinion.Sentinel, replies[0], replies[1], replies[2]);
        }
        catch (ServerException failure)
        {
            return new SentinelFacts { Endpoint = opinion.Sentinel, Failure = failure.Message };
        }
    }

    /// <param name="sentinel">The Sentinel that sent these replies.</param>
    /// <param name="master">To SENTINEL MASTER.</param>
    /// <param name="clients">To INFO clients.</param>
    /// <param name="quorum">
    /// To SENTINEL CKQUORUM. Only NOQUORUM is about a quorum; any other error is a refused question.
    /// </param>
    internal static SentinelFacts Read(HostEndpoint sentinel, RespValue master, RespValue clients, RespValue quorum)
    {
        bool isComplaint = quorum.IsError && quorum.Text.StartsWith("NOQUORUM", StringComparison.Ordinal);
        return new SentinelFacts
        {
            Endpoint = sentinel,
            Master = master.ToFields(),
            Clients = ServerConnection.ReadInfo(clients),
            QuorumComplaint = isComplaint ? quorum.Text : "",
            Refusals =
            [
                .. new[] { ("SENTINEL MASTER", master), ("INFO", clients), ("SENTINEL CKQUORUM", quorum) }
                    .Where(asked => asked.Item2.IsError && !(isComplaint && asked.Item2 == quorum))
                    .Select(asked => $"{asked.Item1} is refused: {asked.Item2.Text}"),
            ],
        };
    }

    private async Task<ServerFacts> AskReplicaAsync(HostEndpoint mapped)
    {
        IPAddress? address = await context.FindAddressAsync(mapped.Host, CancellationToken.None);
        if (address is null)
        {
            return new ServerFacts { Announced = mapped, Failure = $"the address of '{mapped.Host}' is not known" };
        }

        var endpoint = new IPEndPoint(address, mapped.Port);
        return _policy.Refuse(endpoint) is { } objection
            ? new ServerFacts { Announced = mapped, Failure = objection }
            : await AskServerAsync(mapped, endpoint);
    }

    private async Task<ServerFacts> AskServerAsync(HostEndpoint announced, IPEndPoint address)
    {
        await using var server = new ServerConnection(announced, address, options.Backend, context);
        return await AskAsync(server);
    }

    /// <summary>The facts of one server.</summary>
    public static async Task<ServerFacts> AskAsync(ServerConnection server)
    {
        try
        {
            return await AskAllAsync(server);
        }
        catch (ServerException failure)
        {
            return new ServerFacts { Announced = server.Announced, Failure = failure.Message };
        }
    }

    private static async Task<ServerFacts> AskAllAsync(ServerConnection server)
    {
        var info = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string section in Sections)
        {
            foreach ((string name, string value) in await server.InfoAsync(section))
            {
                info[name] = value;
            }
        }

        var refusals = new List<string>();
        RespValue? settings = await TryAskAsync(server, "CONFIG GET", refusals, "*");
        RespValue? users = await TryAskAsync(server, "ACL LIST", refusals);
        RespValue? modules = await TryAskAsync(server, "MODULE LIST", refusals);
        RespValue? commands = await TryAskAsync(server, "COMMAND INFO", refusals, FailoverCommands);
        Dictionary<string, string>? rules = users is null ? null : ReadUsers(users);
        return new ServerFacts
        {
            Announced = server.Announced,
            Info = info,
            Keyspace = await server.InfoAsync("keyspace"),
            Settings = settings?.ToFields() ?? [],
            Users = rules,
            Categories = await AskCategoriesAsync(server, rules ?? []),
            Modules = modules is null ? null : ReadModules(modules),
            MissingCommands = commands is null
                ? []
                : [.. FailoverCommands.Where((_, i) => i < commands.Items.Count && commands.Items[i].Items.Count == 0)],
            Refusals = refusals,
            File = RedisConfFile.Read(info.GetValueOrDefault("config_file", ""), server.Address),
        };
    }

    /// <summary>
    /// One of several questions that a server need not answer. A reply longer than the limit ends the connection; the next question
    /// opens another one, so that nothing else is missing. If the server is gone, that one fails.
    /// </summary>
    /// <returns>Null when it is refused, or cannot be read: added to the refusals.</returns>
    /// <exception cref="ServerException">It does not answer in time, and is not asked again.</exception>
    private static async Task<RespValue?> TryAskAsync(
        ServerConnection server, string command, List<string> refusals, params string[] arguments)
    {
        try
        {
            RespValue reply = await server.TryAskAsync([.. command.Split(' '), .. arguments]);
            if (!reply.IsError)
            {
                return reply;
            }

            refusals.Add($"{command} is refused: {reply.Text}");
        }
        catch (ServerException failure) when (failure.InnerException is RespConnectionException)
        {
            refusals.Add($"{command} could not be read: {failure.InnerException.Message}");
        }

        return null;
    }

    // Without this permission the findings are less exact, which needs no note.
    private static async Task<Dictionary<string, IReadOnlyList<string>>> AskCategoriesAsync(
        ServerConnection server, Dictionary<string, string> users)
    {
        var categories = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (string category in users.Values.SelectMany(AclUser.CategoriesIn).Distinct().Take(MaxCategories))
        {
            if (await TryAskAsync(server, "ACL CAT", [], category) is { } commands)
            {
                categories[category] = [.. commands.Items.Select(command => command.Text.ToLowerInvariant())];
            }
        }

        return categories;
    }

    // "user NAME on #… ~* …"
    private static Dictionary<string, string> ReadUsers(RespValue list) => list.Items
        .Select(line => line.Text.Split(' ', 3))
        .Where(parts => parts is ["user", _, _])
        .ToDictionary(parts => parts[1], parts => parts[2], StringComparer.Ordinal);

    private static Dictionary<string, string> ReadModules(RespValue list) => list.Items
        .Select(item => item.ToFields())
        .Where(fields => fields.ContainsKey("name"))
        .DistinctBy(fields => fields["name"])
        .ToDictionary(fields => fields["name"], fields => fields.GetValueOrDefault("ver", ""), StringComparer.Ordinal);
}
