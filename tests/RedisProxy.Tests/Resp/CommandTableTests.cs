using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

public sealed class CommandTableTests
{
    private static readonly string[] Names =
    [
        .. CommandNames.Reads.Split(' '), .. CommandNames.Blocking.Split(' '), .. CommandNames.Nested.Split(' '),
        .. CommandNames.NestedReads.Split(' '),
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
            string[] near = [name + "x", "x" + name, name[..^1], name[1..], name + "\0", name + " ", name + new string('\0', 8)];
            foreach (string other in near.Except(Names))
            {
                Assert.Equal(default, Find(other));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("set")]
    [InlineData("nosuchcommand")]
    [InlineData("georadiusbymember_ro_bis_")]
    [InlineData("georadiusbymember_ro_bis")]
    [InlineData("\0")]
    [InlineData("   ")]
    [InlineData("\0\0\0")]
    public void Find_NotInTheTable_IsAPlainWrite(string name)
    {
        CommandTraits traits = Find(name);
        Assert.Equal(default, traits);
        Assert.False(traits.IsResendable || traits.IsBlocking || traits.NeedsInspection || traits.IsCrossProtocol);
    }

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
    [InlineData("mod.get", "readonly fast", CommandFlags.Resendable)]
    [InlineData("mod.set", "write", CommandFlags.None)]
    [InlineData("mod.pop", "write blocking", CommandFlags.Blocking)]
    [InlineData("get", "write", CommandFlags.None)]
    [InlineData("object", "", CommandFlags.Resendable)]
    [InlineData("ft.cursor", "readonly", CommandFlags.None)]
    [InlineData("rg.execute", "readonly", CommandFlags.Nested)]
    [InlineData("tfcall", "readonly", CommandFlags.Nested)]
    [InlineData("fcall_ro", "readonly", CommandFlags.Nested | CommandFlags.Resendable)]
    [InlineData("eval", "readonly", CommandFlags.Nested)]
    internal void Of_AServersReply_CorrectsTheFlags(string name, string flags, CommandFlags expected)
    {
        string[] words = flags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string reply = $"*1\r\n*3\r\n${name.Length}\r\n{name}\r\n:2\r\n*{words.Length}\r\n"
            + string.Concat(words.Select(static word => $"+{word}\r\n"));
        CommandTable table = CommandTable.Of(RespValue.Read(Encoding.ASCII.GetBytes(reply)))!;
        Assert.Equal(new CommandTraits(CommandKind.Plain, expected), table.Find(Encoding.ASCII.GetBytes(name.ToUpperInvariant())));
        Assert.True(table.Find("SELECT"u8).NeedsInspection);
    }

    [Fact]
    public void Of_ARefusal_IsNothing() =>
        Assert.Null(CommandTable.Of(RespValue.Read("-NOPERM this user has no permissions to run the 'command' command\r\n"u8)));

    private static CommandTraits Find(string name) => CommandTable.BuiltIn.Find(Encoding.Latin1.GetBytes(name));
}
