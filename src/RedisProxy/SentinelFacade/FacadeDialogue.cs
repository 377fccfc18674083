using System.Net;
using System.Text;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// One client's conversation, as with a Sentinel of redis 7.0 (sentinel.c, networking.c, pubsub.c): requests go in, replies are written.
/// Knows no socket. Not thread-safe.
/// </summary>
internal sealed class FacadeDialogue
{
    private const int MaxShownBytes = 128;

    /// <param name="context">Shared by all dialogues.</param>
    /// <param name="reply">Where replies and messages are written.</param>
    /// <param name="id">Of the connection; positive.</param>
    /// <param name="remote">The client's address; null: unknown.</param>
    /// <param name="local">The address that the client has connected to; null: unknown.</param>
    public FacadeDialogue(FacadeContext context, ReplyWriter reply, long id, IPEndPoint? remote, IPEndPoint? local)
    {
        Context = context;
        Reply = reply;
        Id = id;
        Remote = remote;
        Local = local ?? new IPEndPoint(IPAddress.Loopback, context.Port);
        IsAuthenticated = !context.Access.AsksClients;
        Opened = LastRequest = context.Time.GetTimestamp();
    }

    public FacadeContext Context { get; }

    public ReplyWriter Reply { get; }

    public long Id { get; }

    public IPEndPoint? Remote { get; }

    public IPEndPoint Local { get; }

    /// <summary>Timestamps of the clock.</summary>
    public long Opened { get; }

    public long LastRequest { get; private set; }

    /// <summary>As in redis: an authenticated client stays authenticated, even when the password is changed.</summary>
    public bool IsAuthenticated { get; set; }

    public FacadeSubscriptions Subscriptions { get; } = new();

    /// <summary>Set by CLIENT SETNAME or HELLO; empty: none.</summary>
    public string Name { get; set; } = "";

    /// <summary>Set by CLIENT SETINFO.</summary>
    public string LibraryName { get; set; } = "";

    /// <inheritdoc cref="LibraryName"/>
    public string LibraryVersion { get; set; } = "";

    /// <summary>The client has sent QUIT: the connection is closed after the reply.</summary>
    public bool IsOver { get; set; }

    private bool IsRestrictedSubscriber => Reply.Protocol == 2 && Subscriptions.Count > 0;

    /// <summary>Writes the reply to one request.</summary>
    /// <param name="arguments">At least one.</param>
    public void Answer(IReadOnlyList<byte[]> arguments)
    {
        LastRequest = Context.Time.GetTimestamp();
        FacadeCommand? command = Find(arguments, out string complaint);
        if (command is null)
        {
            Refuse(complaint);
        }
        else if (!command.Takes(arguments.Count))
        {
            Refuse($"ERR wrong number of arguments for '{command.Name}' command");
        }
        else if (!IsAuthenticated && !command.IsForStrangers)
        {
            Refuse("NOAUTH Authentication required.");
        }
        else if (IsRestrictedSubscriber && !command.IsForSubscribers)
        {
            Refuse($"ERR Can't execute '{command.Name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                + "are allowed in this context");
        }
        else
        {
            Context.Counters.CountCommand(command.Kind);
            command.Answer(this, arguments);
        }
    }

    /// <summary>
    /// Writes the message for a subscriber when a master has changed. The announced address has not: the same one appears twice.
    /// </summary>
    /// <returns>False: this client has not subscribed to it.</returns>
    public bool TryPublishSwitch(string master)
    {
        if (!IsAuthenticated || !Subscriptions.Match(FacadeSubscriptions.SwitchChannel)
            || Context.Directory.Find(master, Local.Address) is not { } found)
        {
            return false;
        }

        string address = $"{found.Address.Host} {found.Address.Port}";
        Subscriptions.WriteMessage(Reply, FacadeSubscriptions.SwitchChannel, $"{master} {address} {address}");
        return true;
    }

    /// <summary>Seconds between then and now.</summary>
    public long SecondsSince(long timestamp) => (long)Context.Time.GetElapsedTime(timestamp).TotalSeconds;

    /// <summary>An argument as text, for display and for comparison with configured names.</summary>
    public static string Text(byte[] argument) => Encoding.UTF8.GetString(argument);

    private void Refuse(string complaint)
    {
        Context.Counters.CountCommand(FacadeCommandKind.Refused);
        Reply.Error(complaint);
    }

    private FacadeCommand? Find(IReadOnlyList<byte[]> arguments, out string complaint)
    {
        complaint = "";
        if (Context.FindCommand(Latin(arguments[0])) is not { } command)
        {
            string name = Shown(arguments[0], MaxShownBytes);
            complaint = $"ERR unknown command '{name}', with args beginning with: {ShownArguments(arguments)}";
            return null;
        }

        if (command.Subcommands.Count == 0 || arguments.Count == 1)
        {
            return command;
        }

        string word = Latin(arguments[1]);
        FacadeCommand? found = command.Subcommands.FirstOrDefault(one => one.Word.Equals(word, StringComparison.OrdinalIgnoreCase));
        complaint = $"ERR unknown subcommand '{Shown(arguments[1], MaxShownBytes)}'. Try {command.Name.ToUpperInvariant()} HELP.";
        return found;
    }

    private static string ShownArguments(IReadOnlyList<byte[]> arguments)
    {
        var shown = new StringBuilder();
        for (int i = 1; i < arguments.Count && shown.Length < MaxShownBytes; i++)
        {
            shown.Append('\'').Append(Shown(arguments[i], MaxShownBytes - shown.Length)).Append("' ");
        }

        return shown.ToString();
    }

    // Redis prints it as a C string: up to the first zero byte.
    private static string Shown(byte[] argument, int max)
    {
        string text = Latin(argument).Split('\0')[0];
        return text.Length > max ? text[..max] : text;
    }

    private static string Latin(byte[] argument) => Encoding.Latin1.GetString(argument);
}
