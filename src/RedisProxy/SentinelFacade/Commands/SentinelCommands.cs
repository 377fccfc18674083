using System.Globalization;

namespace RedisProxy.SentinelFacade;

/// <summary>SENTINEL. Answers questions about masters; refuses orders, with a hint on where to send them.</summary>
internal static class SentinelCommands
{
    private const string NoSuchMaster = "ERR No such master with that name";
    private const string AskASentinel = "ask a Sentinel of the deployment";
    private const string TellASentinel = "send it to the Sentinels of the deployment";
    private const string Listeners = "the masters here are those of the proxy's listeners; the Sentinels have their own";

    private static readonly (string Word, string Hint)[] Refused =
    [
        ("config", TellASentinel),
        ("debug", TellASentinel),
        ("failover", "send it to a Sentinel of the deployment, or use 'RedisProxy failover'"),
        ("flushconfig", TellASentinel),
        ("info-cache", AskASentinel),
        ("monitor", Listeners),
        ("pending-scripts", AskASentinel),
        ("remove", Listeners),
        ("reset", TellASentinel),
        ("set", TellASentinel),
        ("simulate-failure", TellASentinel),
    ];

    public static FacadeCommand All { get; } = new(
        "sentinel", -2, FacadeCommandKind.Query, "A container for Sentinel commands", static (_, _) => { })
    {
        Subcommands =
        [
            OfMaster("ckquorum", "Check whether enough Sentinels are reachable to fail the master over", CheckQuorum),
            AddressOf("get-master-addr-by-name"),
            AddressOf("get-primary-addr-by-name"),
            new("sentinel|help", 2, FacadeCommandKind.Query, "Print this help",
                static (dialogue, _) => All!.WriteHelp(dialogue.Reply)),
            IsDown("is-master-down-by-addr"),
            IsDown("is-primary-down-by-addr"),
            OfMaster("master", "Show the state of the master", ShowMaster),
            ListOf("masters"),
            new("sentinel|myid", 2, FacadeCommandKind.Query, "Return the ID of the facade, which changes with a restart",
                static (dialogue, _) => dialogue.Reply.Bulk(dialogue.Context.ServerId)),
            ListOf("primaries"),
            OfMaster("primary", "The same as MASTER", ShowMaster),
            OfMaster("replicas", "Show the replica listeners of the proxy", ListReplicas),
            OfMaster("sentinels", "Show other Sentinels: none, as facades do not know each other",
                static (dialogue, _) => dialogue.Reply.Array(0)),
            OfMaster("slaves", "The same as REPLICAS", ListReplicas),
            .. Refused.Select(one => new FacadeCommand(
                $"sentinel|{one.Word}", -2, FacadeCommandKind.Refused, "Refused", (dialogue, _) => dialogue.Reply.Error(
                    $"ERR RedisProxy: SENTINEL {one.Word.ToUpperInvariant()} is not available here, this facade only answers where masters "
                    + $"are; {one.Hint}"))),
        ],
    };

    // Valkey uses "primary" since 8.0, and still understands "master".
    private static FacadeCommand AddressOf(string word) => new(
        $"sentinel|{word}", 3, FacadeCommandKind.Address, "Return the address of the proxy for that master", GetAddress)
    {
        Usage = "<master-name>",
    };

    private static FacadeCommand IsDown(string word) => new(
        $"sentinel|{word}", 6, FacadeCommandKind.Query, "Always answer that it is not down, without a vote", IsMasterDown)
    {
        Usage = "<ip> <port> <current-epoch> <runid>",
    };

    private static FacadeCommand ListOf(string word) => new(
        $"sentinel|{word}", 2, FacadeCommandKind.Query, "Show all masters and their state", ListMasters);

    private static FacadeCommand OfMaster(string word, string summary, Action<FacadeDialogue, FacadeMaster> answer) => new(
        $"sentinel|{word}", 3, FacadeCommandKind.Query, summary, (dialogue, arguments) =>
        {
            if (Find(dialogue, arguments) is { } master)
            {
                answer(dialogue, master);
            }
            else
            {
                dialogue.Reply.Error(NoSuchMaster);
            }
        })
    {
        Usage = "<master-name>",
    };

    private static FacadeMaster? Find(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments) =>
        dialogue.Context.Directory.Find(FacadeDialogue.Text(arguments[2]), dialogue.Local.Address);

    private static void GetAddress(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (Find(dialogue, arguments) is not { IsGivenUp: false } master)
        {
            dialogue.Reply.NullArray();
            return;
        }

        dialogue.Reply.Array(2);
        dialogue.Reply.Bulk(master.Address.Host);
        dialogue.Reply.Bulk(master.Address.Port.ToString(CultureInfo.InvariantCulture));
    }

    private static void ShowMaster(FacadeDialogue dialogue, FacadeMaster master) =>
        WriteFields(dialogue, InstanceFields.OfMaster(dialogue.Context, master));

    private static void ListMasters(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        IReadOnlyList<FacadeMaster> masters = dialogue.Context.Directory.MastersFor(dialogue.Local.Address);
        dialogue.Reply.Array(masters.Count);
        foreach (FacadeMaster master in masters)
        {
            WriteFields(dialogue, InstanceFields.OfMaster(dialogue.Context, master));
        }
    }

    private static void ListReplicas(FacadeDialogue dialogue, FacadeMaster master)
    {
        dialogue.Reply.Array(master.Replicas.Count);
        foreach (Configuration.HostEndpoint replica in master.Replicas)
        {
            WriteFields(dialogue, InstanceFields.OfReplica(dialogue.Context, master, replica));
        }
    }

    // sentinel.c, sentinelIsQuorumReachable and its texts; from the proxy's view of the Sentinels.
    private static void CheckQuorum(FacadeDialogue dialogue, FacadeMaster master)
    {
        int usable = master.UsableSentinels;
        bool lacksQuorum = usable < master.Quorum;
        bool lacksMajority = usable < master.Majority;
        if (!lacksQuorum && !lacksMajority)
        {
            dialogue.Reply.Status($"OK {usable} usable Sentinels. Quorum and failover authorization can be reached");
            return;
        }

        IEnumerable<string> reasons =
        [
            .. lacksQuorum ? ["Not enough available Sentinels to reach the specified quorum for this master"] : (string[])[],
            .. lacksMajority ? ["Not enough available Sentinels to reach the majority and authorize a failover"] : (string[])[],
        ];
        dialogue.Reply.Error($"NOQUORUM {usable} usable Sentinels. {string.Join(". ", reasons)}");
    }

    // A question of other Sentinels. The facade does not monitor servers itself and never votes.
    private static void IsMasterDown(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (!IsNumber(arguments[3]) || !IsNumber(arguments[4]))
        {
            dialogue.Reply.Error("ERR value is not an integer or out of range");
            return;
        }

        dialogue.Reply.Array(3);
        dialogue.Reply.Integer(0);
        dialogue.Reply.Bulk("*");
        dialogue.Reply.Integer(0);
    }

    private static bool IsNumber(byte[] argument) =>
        long.TryParse(FacadeDialogue.Text(argument), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static void WriteFields(FacadeDialogue dialogue, IReadOnlyList<(string Name, string Value)> fields)
    {
        dialogue.Reply.Map(fields.Count);
        foreach ((string name, string value) in fields)
        {
            dialogue.Reply.Bulk(name);
            dialogue.Reply.Bulk(value);
        }
    }
}
