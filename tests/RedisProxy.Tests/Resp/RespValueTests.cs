using System.Text;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Tests.Resp;

public sealed class RespValueTests
{
    [Fact]
    public void Read_RandomReplies_AgreesWithReference() => Seeded.Run(2000, random =>
    {
        byte[] rest = RandomReplies.Pipeline(random, mayStream: false).Input;
        ReplyScanner scanner = default;
        while (rest.Length > 0)
        {
            Assert.Equal(ScanStatus.Complete, scanner.Scan(rest, out int consumed));
            AssertSame(ReferenceReplies.Read(new ReferenceReader(rest)), RespValue.Read(rest.AsSpan(0, consumed)));
            rest = rest[consumed..];
        }
    });

    [Theory]
    [InlineData("$-1\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("_\r\n")]
    public void IsNull_NullOfAnyKind_IsTrue(string message)
    {
        RespValue value = Read(message);
        Assert.True(value.IsNull);
        Assert.Equal("", value.Text);
        Assert.Empty(value.Items);
    }

    [Theory]
    [InlineData("$0\r\n\r\n")]
    [InlineData("*0\r\n")]
    [InlineData("%0\r\n")]
    [InlineData("+\r\n")]
    public void IsNull_Empty_IsFalse(string message) => Assert.False(Read(message).IsNull);

    [Theory]
    [InlineData("-ERR no\r\n", "ERR no")]
    [InlineData("!6\r\nERR no\r\n", "ERR no")]
    [InlineData("|1\r\n+a\r\n+b\r\n-ERR no\r\n", "ERR no")]
    public void IsError_ErrorOfAnyKind_IsTrue(string message, string text)
    {
        RespValue value = Read(message);
        Assert.True(value.IsError);
        Assert.Equal(text, value.Text);
    }

    [Theory]
    [InlineData(":42\r\n", 42)]
    [InlineData("$2\r\n42\r\n", 42)]
    [InlineData(":-9223372036854775808\r\n", long.MinValue)]
    public void TryGetInteger_Number_IsTaken(string message, long expected)
    {
        Assert.True(Read(message).TryGetInteger(out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("+x\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("*1\r\n:1\r\n")]
    [InlineData(":9223372036854775808\r\n")]
    public void TryGetInteger_NoNumber_IsRefused(string message) => Assert.False(Read(message).TryGetInteger(out _));

    [Theory]
    [InlineData("*4\r\n$4\r\nname\r\n$8\r\nmymaster\r\n$4\r\nport\r\n$4\r\n6379\r\n")]
    [InlineData("%2\r\n+name\r\n+mymaster\r\n+port\r\n:6379\r\n")]
    [InlineData("%3\r\n+name\r\n+mymaster\r\n+list\r\n*1\r\n:1\r\n+port\r\n|1\r\n+a\r\n+b\r\n:6379\r\n")]
    [InlineData("*5\r\n+name\r\n+mymaster\r\n+port\r\n:6379\r\n+odd\r\n")]
    public void ToFields_PairsOfStrings_BecomeFields(string message)
    {
        var expected = new Dictionary<string, string> { ["name"] = "mymaster", ["port"] = "6379" };
        Assert.Equal(expected, Read(message).ToFields());
    }

    [Fact]
    public void IsPush_PushWithAttributes_IsTrue()
    {
        RespValue value = Read("|1\r\n+a\r\n+b\r\n>2\r\n+message\r\n+x\r\n");
        Assert.True(value.IsPush && value.IsAggregate);
        Assert.Equal(["message", "x"], value.Items.Select(i => i.Text));
    }

    [Fact]
    public void Read_DeepestReply_DoesNotOverflow()
    {
        RespValue value = Read(ReplyCorpus.Nest(RespLimits.MaxTreeDepth, ":1\r\n"));
        for (int i = 0; i < RespLimits.MaxTreeDepth; i++)
        {
            value = Assert.Single(value.Items);
        }

        Assert.Equal("1", value.Text);
        Assert.Throws<FormatException>(static () => Read(ReplyCorpus.Nest(RespLimits.MaxTreeDepth + 1, ":1\r\n")));
        Assert.Throws<FormatException>(static () => Read(ReplyCorpus.Nest(RespLimits.MaxReplyDepth, ":1\r\n")));
    }

    [Theory]
    [InlineData("|0\r\n")]
    [InlineData("|1\r\n+a\r\n+b\r\n")]
    [InlineData(">0\r\n")]
    [InlineData(">1\r\n+a\r\n")]
    public void Read_WhatIsDropped_OftenRepeated_DoesNotOverflow(string dropped)
    {
        string many = string.Concat(Enumerable.Repeat(dropped, RespConnection.MaxMessageBytes / dropped.Length));
        Assert.Equal("1", Read($"*1\r\n{many}:1\r\n").Items.Single().Text);
    }

    [Theory]
    [InlineData("$?\r\n;1\r\na\r\n;0\r\n")]
    [InlineData("*?\r\n.\r\n")]
    [InlineData("|?\r\n.\r\n+OK\r\n")]
    public void Read_Streamed_IsRefused(string message) => Assert.Throws<FormatException>(() => Read(message));

    private static RespValue Read(string message) => RespValue.Read(Encoding.Latin1.GetBytes(message));

    private static void AssertSame(ReferenceReply expected, RespValue actual)
    {
        Assert.Equal(expected.Type, (char)actual.Type);
        Assert.Equal(expected.IsNull, actual.IsNull);
        Assert.Equal(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(expected.Text)), actual.Text);
        Assert.Equal(expected.Items.Count, actual.Items.Count);
        for (int i = 0; i < expected.Items.Count; i++)
        {
            AssertSame(expected.Items[i], actual.Items[i]);
        }
    }
}
