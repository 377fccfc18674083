using System.Globalization;

using RedisProxy.Resp;

namespace RedisProxy.SentinelFacade;

/// <summary>Commands about the client's own connection.</summary>
internal static class ConnectionCommands
{
    /// <summary>The redis version of these replies. Clients derive from it which commands they may use.</summary>
    public const string RedisVersion = "7.0.0";

    private const string WrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

    private const string HelloOfStranger = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH "
        + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";

    public static FacadeCommand[] All { get; } =
    [
        new("ping", -1, FacadeCommandKind.Connection, "Ping the server", Ping) { IsForSubscribers = true },
        new("hello", -1, FacadeCommandKind.Connection, "Handshake with the server", Hello) { IsForStrangers = true },
        new("auth", -2, FacadeCommandKind.Connection, "Authenticate to the server", Authenticate) { IsForStrangers = true },
        new("reset", 1, FacadeCommandKind.Connection, "Reset the connection", Reset) { IsForStrangers = true, IsForSubscribers = true },
        new("quit", -1, FacadeCommandKind.Connection, "Close the connection", Quit) { IsForStrangers = true, IsForSubscribers = true },
    ];

    /// <summary>CLIENT SETNAME and HELLO SETNAME.</summary>
    public static bool TrySetName(FacadeDialogue dialogue, byte[] name)
    {
        if (!IsWord(name))
        {
            dialogue.Reply.Error("ERR Client names cannot contain spaces, newlines or special characters.");
            return false;
        }

        dialogue.Name = FacadeDialogue.Text(name);
        return true;
    }

    /// <summary>Printable ASCII without blanks, which CLIENT LIST can show.</summary>
    public static bool IsWord(byte[] text) => text.All(letter => letter is >= (byte)'!' and <= (byte)'~');

    private static void Ping(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (arguments.Count > 2)
        {
            dialogue.Reply.Error("ERR wrong number of arguments for 'ping' command");
        }
        else if (dialogue.Reply.Protocol == 2 && dialogue.Subscriptions.Count > 0)
        {
            dialogue.Reply.Array(2);
            dialogue.Reply.Bulk("pong");
            dialogue.Reply.Bulk(arguments.Count == 2 ? arguments[1] : []);
        }
        else if (arguments.Count == 2)
        {
            dialogue.Reply.Bulk(arguments[1]);
        }
        else
        {
            dialogue.Reply.Status("PONG");
        }
    }

    private static void Hello(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        int version = dialogue.Reply.Protocol;
        if (arguments.Count > 1 && !int.TryParse(
            FacadeDialogue.Text(arguments[1]), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out version))
        {
            dialogue.Reply.Error("ERR Protocol version is not an integer or out of range");
        }
        else if (version is not (2 or 3))
        {
            dialogue.Reply.Error("NOPROTO unsupported protocol version");
        }
        else if (TakeOptions(dialogue, arguments))
        {
            if (!dialogue.IsAuthenticated)
            {
                dialogue.Reply.Error(HelloOfStranger);
                return;
            }

            dialogue.Reply.Protocol = version;
            WriteHello(dialogue);
        }
    }

    // HELLO [protover [AUTH username password] [SETNAME clientname]]
    private static bool TakeOptions(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        int i = 2;
        while (i < arguments.Count)
        {
            int more = arguments.Count - 1 - i;
            string option = RequestArguments.Upper(arguments[i]);
            if (option == "AUTH" && more >= 2)
            {
                if (!TryLetIn(dialogue, arguments[i + 1], arguments[i + 2]))
                {
                    return false;
                }

                i += 3;
            }
            else if (option == "SETNAME" && more >= 1)
            {
                if (!TrySetName(dialogue, arguments[i + 1]))
                {
                    return false;
                }

                i += 2;
            }
            else
            {
                dialogue.Reply.Error($"ERR Syntax error in HELLO option '{FacadeDialogue.Text(arguments[i])}'");
                return false;
            }
        }

        return true;
    }

    private static void WriteHello(FacadeDialogue dialogue)
    {
        ReplyWriter reply = dialogue.Reply;
        reply.Map(6);
        reply.Bulk("server");
        reply.Bulk("redis");
        reply.Bulk("version");
        reply.Bulk(RedisVersion);
        reply.Bulk("proto");
        reply.Integer(reply.Protocol);
        reply.Bulk("id");
        reply.Integer(dialogue.Id);
        reply.Bulk("mode");
        reply.Bulk("sentinel");
        reply.Bulk("modules");
        reply.Array(0);
    }

    private static void Authenticate(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (arguments.Count > 3)
        {
            dialogue.Reply.Error("ERR syntax error");
        }
        else if (arguments.Count == 2 && !dialogue.Context.Access.AsksClients)
        {
            dialogue.Reply.Error(
                "ERR AUTH <password> called without any password configured for the default user. "
                + "Are you sure your configuration is correct?");
        }
        else if (TryLetIn(dialogue, arguments.Count == 3 ? arguments[1] : "default"u8.ToArray(), arguments[^1]))
        {
            dialogue.Reply.Status("OK");
        }
    }

    private static bool TryLetIn(FacadeDialogue dialogue, byte[] name, byte[] password)
    {
        if (!dialogue.Context.Access.Accepts(name, password))
        {
            dialogue.Reply.Error(WrongPassword);
            return false;
        }

        dialogue.IsAuthenticated = true;
        return true;
    }

    private static void Reset(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        dialogue.Subscriptions.Clear();
        dialogue.Name = "";
        dialogue.Reply.Protocol = 2;
        dialogue.IsAuthenticated = !dialogue.Context.Access.AsksClients;
        dialogue.Reply.Status("RESET");
    }

    private static void Quit(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        dialogue.IsOver = true;
        dialogue.Reply.Status("OK");
    }
}
