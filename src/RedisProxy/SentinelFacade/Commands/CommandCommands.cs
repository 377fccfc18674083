namespace RedisProxy.SentinelFacade;

/// <summary>COMMAND: the facade's commands, in the format that clients read (redis.io/commands/command).</summary>
internal static class CommandCommands
{
    public static FacadeCommand All { get; } = new(
        "command", -1, FacadeCommandKind.Query, "Return details of all commands", static (dialogue, _) => WriteAll(dialogue))
    {
        Subcommands =
        [
            new("command|count", 2, FacadeCommandKind.Query, "Return the number of commands",
                static (dialogue, _) => dialogue.Reply.Integer(dialogue.Context.Commands.Count)),
            new("command|docs", -2, FacadeCommandKind.Query, "Return command documentation", Docs) { Usage = "[<command-name> ...]" },
            new("command|help", 2, FacadeCommandKind.Query, "Print this help",
                static (dialogue, _) => All!.WriteHelp(dialogue.Reply)),
            new("command|info", -2, FacadeCommandKind.Query, "Return details of commands", Info) { Usage = "[<command-name> ...]" },
            new("command|list", 2, FacadeCommandKind.Query, "Return the names of all commands", List),
        ],
    };

    private static IEnumerable<FacadeCommand> Everything(FacadeContext context) =>
        context.Commands.SelectMany(static command => command.Subcommands.Prepend(command));

    private static void WriteAll(FacadeDialogue dialogue)
    {
        dialogue.Reply.Array(dialogue.Context.Commands.Count);
        foreach (FacadeCommand command in dialogue.Context.Commands)
        {
            Write(dialogue.Reply, command);
        }
    }

    private static void Info(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        if (arguments.Count == 2)
        {
            WriteAll(dialogue);
            return;
        }

        dialogue.Reply.Array(arguments.Count - 2);
        foreach (byte[] name in arguments.Skip(2))
        {
            if (Find(dialogue.Context, name) is { } command)
            {
                Write(dialogue.Reply, command);
            }
            else
            {
                dialogue.Reply.Null();
            }
        }
    }

    private static void List(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        FacadeCommand[] all = [.. Everything(dialogue.Context)];
        dialogue.Reply.Array(all.Length);
        foreach (FacadeCommand command in all)
        {
            dialogue.Reply.Bulk(command.Name);
        }
    }

    private static void Docs(FacadeDialogue dialogue, IReadOnlyList<byte[]> arguments)
    {
        IReadOnlyList<FacadeCommand> wanted = arguments.Count == 2
            ? dialogue.Context.Commands
            : [.. arguments.Skip(2).Select(name => Find(dialogue.Context, name)).OfType<FacadeCommand>()];
        ReplyWriter reply = dialogue.Reply;
        reply.Map(wanted.Count);
        foreach (FacadeCommand command in wanted)
        {
            reply.Bulk(command.Name);
            reply.Map(2);
            reply.Bulk("summary");
            reply.Bulk(command.Summary);
            reply.Bulk("group");
            reply.Bulk(command.Kind == FacadeCommandKind.Subscription ? "pubsub" : "connection");
        }
    }

    private static FacadeCommand? Find(FacadeContext context, byte[] name)
    {
        string text = FacadeDialogue.Text(name);
        return Everything(context).FirstOrDefault(command => command.Name.Equals(text, StringComparison.OrdinalIgnoreCase));
    }

    // Name, arity, flags, first key, last key, step, ACL categories, tips, keys, subcommands. There are no keys here.
    private static void Write(ReplyWriter reply, FacadeCommand command)
    {
        reply.Array(10);
        reply.Bulk(command.Name);
        reply.Integer(command.Arity);
        reply.Set(command.Flags.Count);
        foreach (string flag in command.Flags)
        {
            reply.Status(flag);
        }

        reply.Integer(0);
        reply.Integer(0);
        reply.Integer(0);
        reply.Set(1);
        reply.Status(command.Kind == FacadeCommandKind.Subscription ? "@pubsub" : "@connection");
        reply.Set(0);
        reply.Set(0);
        reply.Array(command.Subcommands.Count);
        foreach (FacadeCommand subcommand in command.Subcommands)
        {
            Write(reply, subcommand);
        }
    }
}
