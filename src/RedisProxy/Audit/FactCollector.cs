using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Audit;

/// <summary>
/// Asks servers and Sentinels what the rules want to know. Reads only. What one refuses, or does not know, is written down beside what
/// it did say.
/// </summary>
internal sealed class FactCollector(ProxyOptions options, TopologyContext context)
{
    private static readonly string[] Sections = ["server", "clients", "memory", "persistence", "replication"];

    // What Sentinel sends to a server that it makes a replica or a master (sentinel.c, sentinelSendSlaveOf), and to watch it.
    private static readonly string[] FailoverCommands =
        ["PING", "INFO", "PUBLISH", "MULTI", "EXEC", "SLAVEOF", "REPLICAOF", "CONFIG", "CLIENT"];

    private readonly AddressPolicy _policy = new(options);

    /// <param name="check">What the Sentinels say, asked just before.</param>
    public async Task<DeploymentFacts> CollectAsync(MasterCheck check)
    {
        Task<ServerFacts>? master = check.Master is { } found ? AskServerAsync(found.Announced, found.Address) : null;
        Task<ServerFacts[]> replicas = Task.WhenAll(check.Replicas.Select(AskReplicaAsync));
        Task<SentinelFacts[]> sentinels = Task.WhenAll(
            check.Opinions.Where(opinion => !IsTheSame(opinion)).Select(opinion => AskSentinelAsync(opinion, check.MasterName)));
        return new DeploymentFacts(
            check.MasterName, master is null ? null : await master, check.Reason, await replicas, await sentinels);
    }

    /// <summary>One Sentinel can be known by two addresses; it counts once.</summary>
    private static bool IsTheSame(SentinelOpinion opinion) =>
        !opinion.IsConnected && opinion.Error.StartsWith(TopologyCheck.TheSameSentinel, StringComparison.Ordinal);

    private async Task<SentinelFacts> AskSentinelAsync(SentinelOpinion opinion, string master)
    {
        if (!opinion.IsConnected)
        {
            return new SentinelFacts { Endpoint = opinion.Sentinel, Failure = opinion.Error };
        }

        try
        {
            RespValue[] replies = await SentinelCall.AskAsync(
                opinion.Sentinel, options, context, answerWithin: null,
                ["SENTINEL", "MASTER", master], ["INFO", "clients"], ["SENTINEL", "CKQUORUM", master]);
            return new SentinelFacts
            {
                Endpoint = opinion.Sentinel,
                Failure = replies[0].IsError ? replies[0].Text : "",
                Master = replies[0].ToFields(),
                Clients = ServerConnection.ReadInfo(replies[1]),
                QuorumComplaint = replies[2].IsError ? replies[2].Text : "",
            };
        }
        catch (ServerException failure)
        {
            return new SentinelFacts { Endpoint = opinion.Sentinel, Failure = failure.Message };
        }
    }

    private async Task<ServerFacts> AskReplicaAsync(HostEndpoint mapped)
    {
        IPAddress? address = mapped.Address;
        try
        {
            address ??= NameResolver.Choose(await context.Resolve(mapped.Host, CancellationToken.None));
        }
        catch (SocketException)
        {
            // Said below.
        }

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

    /// <summary>What one server says of itself.</summary>
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

        RespValue settings = await server.TryAskAsync("CONFIG", "GET", "*");
        RespValue users = await server.TryAskAsync("ACL", "LIST");
        RespValue modules = await server.TryAskAsync("MODULE", "LIST");
        RespValue commands = await server.TryAskAsync(["COMMAND", "INFO", .. FailoverCommands]);
        return new ServerFacts
        {
            Announced = server.Announced,
            Info = info,
            Keyspace = await server.InfoAsync("keyspace"),
            Settings = settings.IsError ? new Dictionary<string, string>() : settings.ToFields(),
            Users = users.IsError ? null : ReadUsers(users),
            Modules = modules.IsError ? null : ReadModules(modules),
            MissingCommands = commands.IsError
                ? []
                : [.. FailoverCommands.Where((_, i) => i < commands.Items.Count && commands.Items[i].Items.Count == 0)],
            Refusals =
            [
                .. new[] { ("CONFIG GET", settings), ("ACL LIST", users), ("MODULE LIST", modules), ("COMMAND INFO", commands) }
                    .Where(asked => asked.Item2.IsError)
                    .Select(asked => $"{asked.Item1} is refused: {asked.Item2.Text}"),
            ],
            File = ConfigurationFile.Read(info.GetValueOrDefault("config_file", ""), server.Address),
        };
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
