using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

public sealed class CommandTableTests
{
    private const CommandFlags OfData = CommandFlags.Shareable | CommandFlags.LeavesNothing;

    private static readonly string[] Names =
    [
        .. CommandNames.Reads.Split(' '), .. CommandNames.Writes.Split(' '), .. CommandNames.Blocking.Split(' '),
        .. CommandNames.Nested.Split(' '), .. CommandNames.NestedReads.Split(' '),
        .. CommandNames.Special.Select(s => s.Name),
    ];

    [Fact]
    public void Names_AllLists_HaveEachNameOnce()
    {
        Assert.Empty(Names.GroupBy(n => n).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(Names, n => Assert.Matches("^[a-z0-9_:]{1,24}$", n));
    }

    [Fact]
    public void Find_EveryNameInAnyCase_HasItsTraits() => Seeded.Run(20, random =>
    {
        foreach (string name in Names)
        {
            CommandTraits expected = ReferenceRequests.Find(Encoding.ASCII.GetBytes(name));
            string mixed = string.Concat(name.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : c));
            Assert.Equal(expected, Find(name));
            Assert.Equal(expected, Find(name.ToUpperInvariant()));
            Assert.Equal(expected, Find(mixed));
        }
    });

    [Fact]
    public void Find_NearlyAName_IsNone()
    {
        foreach (string name in Names)
        {
            string[] near = [name + "x", "x" + name, name[..^1], name[1..], name + " "];
            foreach (string other in near.Except(Names))
            {
                Assert.Equal(default, Find(other));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("config")]
    [InlineData("script")]
    [InlineData("nosuchcommand")]
    [InlineData("georadiusbymember_ro_bis_")]
    [InlineData("georadiusbymember_ro_bis")]
    [InlineData("   ")]
    [InlineData("georadiusbymember_ro_bis\0")]
    public void Find_NotInTheTable_IsAPlainWrite(string name)
    {
        CommandTraits traits = Find(name);
        Assert.Equal(default, traits);
        Assert.False(traits.IsResendable || traits.IsBlocking || traits.NeedsInspection || traits.IsCrossProtocol);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("get\0")]
    [InlineData("SELECT\0x")]
    [InlineData("georadiusbymember_ro\0")]
    [InlineData("client\0 and much more behind it")]
    public void Find_NameWithAZeroByte_IsNoCommand(string name) => Assert.Equal(CommandKind.NulInName, Find(name).Kind);

    [Fact]
    public void Find_RandomNames_AgreesWithReference() => Seeded.Run(20_000, random =>
    {
        byte[] name = Encoding.ASCII.GetBytes(Names[random.Next(Names.Length)]);
        for (int i = random.Next(3); i > 0; i--)
        {
            name[random.Next(name.Length)] = (byte)random.Next(256);
        }

        Assert.Equal(ReferenceRequests.Find(name), CommandTable.BuiltIn.Find(name));
    });

    // A slot is found by a hash of the whole name: only many such names show that the whole name is compared, too.
    [Fact]
    public void Find_SameBeginningAsAName_AgreesWithReference() => Seeded.Run(8000, random =>
    {
        foreach (byte[] name in Names.Where(n => n.Length > 8).Select(Encoding.ASCII.GetBytes))
        {
            int same = random.Next(2) == 0 || name.Length < 17 ? 8 : 16;
            random.NextBytes(name.AsSpan(same));
            Assert.Equal(ReferenceRequests.Find(name), CommandTable.BuiltIn.Find(name));
        }
    });

    [Theory]
    [InlineData("post", true)]
    [InlineData("POST", true)]
    [InlineData("Host:", true)]
    [InlineData("hOSt:", true)]
    [InlineData("host", false)]
    [InlineData("hosts:", false)]
    [InlineData("POST:", false)]
    [InlineData("GET", false)]
    public void IsCrossProtocol_FirstWordOfHttp_InAnyCase(string word, bool expected)
    {
        Assert.Equal(expected, Find(word).IsCrossProtocol);
        Assert.True(InlineRequest.TrySplit(Encoding.ASCII.GetBytes(word + " / HTTP/1.1\r\n"), out List<byte[]> arguments));
        Assert.Equal(expected, CommandTable.BuiltIn.Find(arguments[0]).IsCrossProtocol);
    }

    [Fact]
    public void NeedsInspection_AllButPlain()
    {
        Assert.False(Find("get").NeedsInspection);
        Assert.False(Find("blpop").NeedsInspection);
        Assert.All(CommandNames.Special, s => Assert.True(Find(s.Name).NeedsInspection));
    }

    [Theory]
    [InlineData("get", CommandKind.Plain, CommandFlags.Resendable | OfData)]
    [InlineData("set", CommandKind.Plain, OfData)]
    [InlineData("ping", CommandKind.Plain, CommandFlags.Resendable | OfData)]
    [InlineData("publish", CommandKind.Plain, OfData)]
    [InlineData("eval", CommandKind.Plain, CommandFlags.Nested | OfData)]
    [InlineData("fcall_ro", CommandKind.Plain, CommandFlags.Nested | CommandFlags.Resendable | OfData)]
    [InlineData("tfcall", CommandKind.Plain, CommandFlags.Nested)]
    [InlineData("blpop", CommandKind.Plain, CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("xreadgroup", CommandKind.Plain, CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("xread", CommandKind.XRead, CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("wait", CommandKind.Wait, CommandFlags.Resendable | CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("select", CommandKind.Select, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("auth", CommandKind.Auth, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("hello", CommandKind.Hello, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("reset", CommandKind.Reset, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("multi", CommandKind.Multi, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("exec", CommandKind.Exec, CommandFlags.Nested | CommandFlags.LeavesNothing)]
    [InlineData("watch", CommandKind.Watch, CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("client", CommandKind.Client, CommandFlags.None)]
    [InlineData("subscribe", CommandKind.Subscribe, CommandFlags.Resendable)]
    [InlineData("monitor", CommandKind.Monitor, CommandFlags.None)]
    [InlineData("debug", CommandKind.Debug, CommandFlags.None)]
    [InlineData("readonly", CommandKind.ReadOnly, CommandFlags.Resendable)]
    internal void Find_BuiltIn_TellsWhatMayShareAndWhatIsLeft(string name, CommandKind kind, CommandFlags flags) =>
        Assert.Equal(new CommandTraits(kind, flags), Find(name));

    // What is looked at for what it does to its connection is never sent on one of other clients just because of its name.
    [Fact]
    public void Find_Shareable_IsPlainAndDoesNotWait() => Assert.All(
        Names.Select(Find).Where(traits => traits.Flags.HasFlag(CommandFlags.Shareable)),
        traits =>
        {
            Assert.True(traits is { Kind: CommandKind.Plain, IsBlocking: false });
            Assert.True(traits.Flags.HasFlag(CommandFlags.LeavesNothing));
        });

    [Theory]
    [InlineData("new.get", "readonly fast", CommandFlags.Resendable | OfData)]
    [InlineData("new.set", "write denyoom", OfData)]
    [InlineData("new.pop", "write blocking", CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("new.look", "readonly blocking", CommandFlags.Resendable | CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("new.other", "", CommandFlags.LeavesNothing)]
    [InlineData("new.dump", "readonly admin", CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("new.load", "write admin", CommandFlags.LeavesNothing)]
    [InlineData("config", "admin noscript", CommandFlags.LeavesNothing)]
    [InlineData("new.listen", "readonly pubsub", CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("new.say", "pubsub", CommandFlags.LeavesNothing)]
    [InlineData("publish", "pubsub loading stale fast", OfData)]
    [InlineData("mod.get", "readonly fast module", CommandFlags.Resendable)]
    [InlineData("mod.set", "write module", CommandFlags.None)]
    [InlineData("mod.pop", "write blocking module", CommandFlags.Blocking)]
    [InlineData("vcard", "readonly module fast", CommandFlags.Resendable | CommandFlags.LeavesNothing)]
    [InlineData("get", "write", OfData)]
    [InlineData("get", "readonly blocking", CommandFlags.Resendable | CommandFlags.Blocking | CommandFlags.LeavesNothing)]
    [InlineData("object", "", CommandFlags.Resendable | OfData)]
    [InlineData("script", "", CommandFlags.None)]
    [InlineData("ft.cursor", "readonly module", CommandFlags.None)]
    [InlineData("rg.execute", "readonly", CommandFlags.Nested)]
    [InlineData("tfcall", "readonly", CommandFlags.Nested)]
    [InlineData("fcall_ro", "readonly", CommandFlags.Nested | CommandFlags.Resendable | OfData)]
    [InlineData("eval", "readonly", CommandFlags.Nested | OfData)]
    internal void Of_AServersReply_CorrectsTheFlags(string name, string flags, CommandFlags expected)
    {
        CommandTable table = Reply(name, flags);
        Assert.Equal(new CommandTraits(CommandKind.Plain, expected), table.Find(Encoding.ASCII.GetBytes(name.ToUpperInvariant())));
        Assert.Equal(Find("select"), table.Find("SELECT"u8));
    }

    [Theory]
    [InlineData("auth", "readonly")]
    [InlineData("multi", "write")]
    [InlineData("subscribe", "pubsub readonly")]
    [InlineData("client", "readonly")]
    [InlineData("wait", "blocking")]
    internal void Of_AServersReply_LeavesWhatIsInspectedAlone(string name, string flags) =>
        Assert.Equal(Find(name), Reply(name, flags).Find(Encoding.ASCII.GetBytes(name)));

    [Fact]
    public void Of_ARefusal_IsNothing() =>
        Assert.Null(CommandTable.Of(RespValue.Read("-NOPERM this user has no permissions to run the 'command' command\r\n"u8)));

    private static CommandTable Reply(string name, string flags)
    {
        string[] words = flags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string reply = $"*1\r\n*3\r\n${name.Length}\r\n{name}\r\n:2\r\n*{words.Length}\r\n"
            + string.Concat(words.Select(static word => $"+{word}\r\n"));
        return CommandTable.Of(RespValue.Read(Encoding.ASCII.GetBytes(reply)))!;
    }

    private static CommandTraits Find(string name) => CommandTable.BuiltIn.Find(Encoding.Latin1.GetBytes(name));
}
