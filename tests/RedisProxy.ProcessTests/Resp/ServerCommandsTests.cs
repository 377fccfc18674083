using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.ProcessTests.Resp;

/// <summary>The command table against the flags that a real redis-server gives its commands.</summary>
public sealed class ServerCommandsTests(ThrowawayRedis redis) : IClassFixture<ThrowawayRedis>, IAsyncLifetime
{
    /// <summary>No flag <c>readonly</c>, but no effect, or none that sending them twice could double.</summary>
    private static readonly string[] HarmlessWithoutFlag =
        ["command", "echo", "info", "lastsave", "memory", "object", "ping", "pubsub", "role", "time", "xinfo"];

    private List<ServerCommand> _commands = [];

    private RespValue _reply = null!;

    public async ValueTask InitializeAsync()
    {
        RespValue reply = RespValue.Read(await redis.AskAsync([.. "*1\r\n$7\r\nCOMMAND\r\n"u8]));
        _reply = reply;
        _commands = [.. reply.Items.Select(ServerCommand.Read)];
        Assert.True(_commands.Count > 200, "these are all commands of the server");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Find_Readonly_IsResendable()
    {
        // XREAD is looked at: it may block, and with $ it means another position when it is sent again.
        IEnumerable<ServerCommand> reads = _commands.Where(c => c.Name != "xread" && c.Has("readonly"));
        Assert.Empty(reads.Where(c => !c.Traits.IsResendable).Select(c => c.Name));
    }

    [Fact]
    public void Of_TheServersOwnReply_SaysTheSameAsTheBuiltInTable()
    {
        CommandTable table = CommandTable.Of(_reply)!;
        IEnumerable<string> names = _commands.Select(c => c.Name).Concat(CommandNames.Reads.Split(' '));
        Assert.All(names, name => Assert.Equal(WithoutSharing(CommandTable.BuiltIn, name), WithoutSharing(table, name)));
        string[] ofModules = [.. _commands.Where(c => c.Has("module")).Select(c => c.Name)];
        Assert.All(
            CommandNames.Reads.Split(' ').Concat(CommandNames.Writes.Split(' ')).Except(ofModules),
            name => Assert.Equal(Find(CommandTable.BuiltIn, name), Find(table, name)));
    }

    // The proxy's own list of what goes over a shared link, against what the server says of these commands.
    [Fact]
    public void Find_Shareable_ConcernsDataAndIsAnsweredAtOnce()
    {
        CommandTable table = CommandTable.Of(_reply)!;
        ServerCommand[] shareable = [.. _commands.Where(c => Find(table, c.Name).Flags.HasFlag(CommandFlags.Shareable))];
        Assert.Empty(shareable.Where(c => c.Has("blocking") || c.Has("module") || c.Has("no_multi")).Select(c => c.Name));
        Assert.Empty(shareable.Where(c => c.Has("admin")).Select(c => c.Name).Except(["lastsave"]));
        Assert.Empty(shareable.Where(c => c.Has("pubsub")).Select(c => c.Name).Except(["publish", "pubsub", "spublish"]));
        Assert.Empty(_commands.Where(c => c.Has("write") && !shareable.Contains(c) && !c.Has("blocking") && !c.Has("admin")
            && !c.Has("module") && !c.Traits.NeedsInspection).Select(c => c.Name));
    }

    [Fact]
    public void Find_Write_IsNotResendable()
    {
        IEnumerable<ServerCommand> writes = _commands.Where(c => c.Has("write") || c.Subcommands.Any(s => s.Has("write")));
        Assert.Empty(writes.Where(c => c.Traits.IsResendable).Select(c => c.Name));
    }

    [Fact]
    public void Find_Resendable_IsReadonlyOrKnownToBeHarmless()
    {
        IEnumerable<ServerCommand> others = _commands.Where(c => c.Traits.IsResendable && !c.Traits.NeedsInspection && !c.Has("readonly"));
        Assert.Empty(others.Select(c => c.Name).Except(HarmlessWithoutFlag));
    }

    [Fact]
    public void Find_Blocking_IsBlocking()
    {
        Assert.Empty(_commands.Where(c => c.Has("blocking") && !c.Traits.IsBlocking).Select(c => c.Name));

        // WAIT has the flag since 7.2 only.
        IEnumerable<string> others = _commands.Where(c => c.Traits.IsBlocking && !c.Has("blocking")).Select(c => c.Name);
        Assert.Empty(others.Except(["wait"]));
    }

    [Fact]
    public void Find_RunsOtherCommands_IsNested()
    {
        // May write, but what it writes is not known beforehand: the flag of scripts and functions.
        IEnumerable<ServerCommand> scripts = _commands.Where(c => c.Has("no_mandatory_keys") && !c.Has("readonly"));
        Assert.Equal(["eval", "evalsha", "fcall"], scripts.Select(c => c.Name).Order());
        IEnumerable<ServerCommand> reads = _commands.Where(c => CommandNames.NestedReads.Split(' ').Contains(c.Name));
        Assert.All(scripts.Concat(reads), s => Assert.True(s.Traits.Flags.HasFlag(CommandFlags.Nested)));
        Assert.All(reads, s => Assert.True(s.Traits.IsResendable && s.Has("readonly")));
    }

    private static CommandTraits Find(CommandTable table, string name) => table.Find(Encoding.ASCII.GetBytes(name));

    // What the table does not know is a plain write that has a link of its own, until the server says more.
    private static CommandTraits WithoutSharing(CommandTable table, string name)
    {
        CommandTraits traits = Find(table, name);
        return traits with { Flags = traits.Flags & ~(CommandFlags.Shareable | CommandFlags.LeavesNothing) };
    }

    private sealed record ServerCommand(string Name, string[] Flags, ServerCommand[] Subcommands)
    {
        private const int FlagsIndex = 2;
        private const int SubcommandsIndex = 9;

        public CommandTraits Traits => CommandTable.BuiltIn.Find(Encoding.ASCII.GetBytes(Name));

        public static ServerCommand Read(RespValue value) => new(
            value.Items[0].Text,
            [.. value.Items[FlagsIndex].Items.Select(f => f.Text)],
            [.. value.Items[SubcommandsIndex].Items.Select(Read)]);

        public bool Has(string flag) => Flags.Contains(flag);
    }
}
