namespace RedisProxy.SentinelFacade;

/// <summary>INFO and ROLE.</summary>
internal static class InfoCommand
{
    private const int SecondsOfDay = 24 * 60 * 60;

    private static readonly (string Name, Func<FacadeDialogue, string> Write)[] Sections =
        [("server", Server), ("clients", Clients), ("sentinel", Masters)];

    private static readonly string[] Everything = ["all", "default", "everything"];

    public static FacadeCommand[] All { get; } =
    [
        new("info", -1, FacadeCommandKind.Query, "Return information about the facade and its masters", Info),
        new("role", 1, FacadeCommandKind.Query, "Return the role: sentinel", Role),
    ];

    // An empty line between two sections.
    private static void Info(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        string[] wanted = [.. arguments.Skip(1).Select(argument => FacadeDialogue.Text(argument).ToLowerInvariant())];
        bool isAll = wanted.Length == 0 || wanted.Intersect(Everything).Any();
        dialogue.Reply.Bulk(string.Join("\r\n", Sections
            .Where(section => isAll || wanted.Contains(section.Name))
            .Select(section => section.Write(dialogue))));
    }

    private static void Role(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        IReadOnlyList<FacadeMaster> masters = dialogue.Context.Directory.MastersFor(dialogue.Local.Address);
        dialogue.Reply.Array(2);
        dialogue.Reply.Bulk("sentinel");
        dialogue.Reply.Array(masters.Count);
        foreach (FacadeMaster master in masters)
        {
            dialogue.Reply.Bulk(master.Name);
        }
    }

    private static string Server(FacadeDialogue dialogue)
    {
        FacadeContext context = dialogue.Context;
        long uptime = dialogue.SecondsSince(context.Started);
        return Lines(
            "# Server",
            $"redis_version:{ConnectionCommands.RedisVersion}",
            "redis_mode:sentinel",
            $"redisproxy_version:{context.Version}",
            "arch_bits:64",
            $"run_id:{context.ServerId}",
            $"tcp_port:{context.Port}",
            $"uptime_in_seconds:{uptime}",
            $"uptime_in_days:{uptime / SecondsOfDay}");
    }

    private static string Clients(FacadeDialogue dialogue) => Lines(
        "# Clients",
        $"connected_clients:{dialogue.Context.Counters.Connections}",
        "cluster_connections:0",
        $"maxclients:{dialogue.Context.MaxConnections}",
        "blocked_clients:0",
        "tracking_clients:0");

    private static string Masters(FacadeDialogue dialogue)
    {
        IReadOnlyList<FacadeMaster> masters = dialogue.Context.Directory.MastersFor(dialogue.Local.Address);
        return Lines(
        [
            "# Sentinel",
            $"sentinel_masters:{masters.Count}",
            "sentinel_tilt:0",
            "sentinel_tilt_since_seconds:-1",
            "sentinel_running_scripts:0",
            "sentinel_scripts_queue_length:0",
            "sentinel_simulate_failure_flags:0",
            .. masters.Select((master, number) =>
                $"master{number}:name={master.Name},status={(master.IsGivenUp ? "odown" : "ok")},"
                + $"address={master.Address.Host}:{master.Address.Port},slaves={master.Replicas.Count},"
                + $"sentinels={Math.Max(1, master.View.Sentinels.Count)}"),
        ]);
    }

    private static string Lines(params string[] lines) => string.Concat(lines.Select(line => line + "\r\n"));
}
