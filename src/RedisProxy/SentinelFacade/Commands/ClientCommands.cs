using System.Globalization;

using RedisProxy.Resp;

namespace RedisProxy.SentinelFacade;

/// <summary>CLIENT. A client of the facade sees only itself.</summary>
internal static class ClientCommands
{
    private static readonly string[] Refused =
    [
        "caching", "getredir", "kill", "no-evict", "no-touch", "pause", "reply", "tracking", "trackinginfo", "unblock", "unpause",
    ];

    public static FacadeCommand All { get; } = new(
        "client", -2, FacadeCommandKind.Connection, "A container for commands about the connection", static (_, _) => { })
    {
        Subcommands =
        [
            new("client|getname", 2, FacadeCommandKind.Connection, "Return the name of the connection", GetName),
            new("client|help", 2, FacadeCommandKind.Connection, "Print this help", Help),
            new("client|id", 2, FacadeCommandKind.Connection, "Return the ID of the connection",
                static (dialogue, _) => dialogue.Reply.Integer(dialogue.Id)),
            new("client|info", 2, FacadeCommandKind.Connection, "Return information about the connection",
                static (dialogue, _) => dialogue.Reply.Verbatim(Describe(dialogue, "info"))),
            new("client|list", -2, FacadeCommandKind.Connection, "Return information about this connection alone", List)
            {
                Usage = "[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> ...]",
            },
            new("client|setinfo", 4, FacadeCommandKind.Connection, "Set the name or the version of the client library", SetInfo)
            {
                Usage = "(LIB-NAME|LIB-VER) <value>",
            },
            new("client|setname", 3, FacadeCommandKind.Connection, "Name the connection", SetName) { Usage = "<name>" },
            .. Refused.Select(word => new FacadeCommand(
                $"client|{word}", -2, FacadeCommandKind.Refused, "Not available", (dialogue, _) => dialogue.Reply.Error(
                    $"ERR RedisProxy: CLIENT {word.ToUpperInvariant()} is not available here, on the Sentinel facade of a proxy"))),
        ],
    };

    private static void GetName(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (dialogue.Name.Length > 0)
        {
            dialogue.Reply.Bulk(dialogue.Name);
        }
        else
        {
            dialogue.Reply.Null();
        }
    }

    private static void Help(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments) => All.WriteHelp(dialogue.Reply);

    private static void SetName(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (ConnectionCommands.TrySetName(dialogue, arguments[2]))
        {
            dialogue.Reply.Status("OK");
        }
    }

    // Since redis 7.2; clients send it without checking for support.
    private static void SetInfo(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        string what = RequestArguments.Upper(arguments[2]);
        string value = FacadeDialogue.Text(arguments[3]);
        if (what is not ("LIB-NAME" or "LIB-VER"))
        {
            dialogue.Reply.Error($"ERR Unrecognized option '{FacadeDialogue.Text(arguments[2])}'");
        }
        else if (!ConnectionCommands.IsWord(arguments[3]))
        {
            dialogue.Reply.Error($"ERR {what.ToLowerInvariant()} cannot contain spaces, newlines or special characters.");
        }
        else
        {
            (dialogue.LibraryName, dialogue.LibraryVersion) =
                what == "LIB-NAME" ? (value, dialogue.LibraryVersion) : (dialogue.LibraryName, value);
            dialogue.Reply.Status("OK");
        }
    }

    private static void List(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        string filter = arguments.Count > 2 ? RequestArguments.Upper(arguments[2]) : "";
        string[] values = [.. arguments.Skip(3).Select(FacadeDialogue.Text)];
        bool isListed = true;
        if (filter == "TYPE" && values.Length == 1)
        {
            string type = values[0].ToLowerInvariant();
            if (type is not ("normal" or "master" or "replica" or "slave" or "pubsub"))
            {
                dialogue.Reply.Error($"ERR Unknown client type '{values[0]}'");
                return;
            }

            isListed = type == (dialogue.Subscriptions.Count > 0 ? "pubsub" : "normal");
        }
        else if (filter == "ID" && values.Length > 0)
        {
            if (!values.All(value => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                dialogue.Reply.Error("ERR Invalid client ID");
                return;
            }

            isListed = values.Contains(dialogue.Id.ToString(CultureInfo.InvariantCulture));
        }
        else if (filter.Length > 0)
        {
            dialogue.Reply.Error("ERR syntax error");
            return;
        }

        dialogue.Reply.Verbatim(isListed ? Describe(dialogue, "list") : "");
    }

    // The line of redis (networking.c, catClientInfoString), with zeros for fields that do not exist here.
    private static string Describe(FacadeDialogue dialogue, string subcommand)
    {
        FacadeSubscriptions subscriptions = dialogue.Subscriptions;
        string flags = subscriptions.Count > 0 ? "P" : "N";
        return $"id={dialogue.Id} addr={dialogue.Remote} laddr={dialogue.Local} fd=-1 name={dialogue.Name} age={Age(dialogue.Opened)} "
            + $"idle={Age(dialogue.LastRequest)} flags={flags} db=0 sub={subscriptions.Channels.Count} psub={subscriptions.Patterns.Count} "
            + "ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r "
            + $"cmd=client|{subcommand} user=default redir=-1 resp={dialogue.Reply.Protocol} lib-name={dialogue.LibraryName} "
            + $"lib-ver={dialogue.LibraryVersion}\n";

        long Age(long timestamp) => dialogue.SecondsSince(timestamp);
    }
}
