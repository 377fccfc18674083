using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>The rules one by one; <c>ServerVerdictTests</c> compares random lines with a real server.</summary>
public sealed class InlineRequestTests
{
    public static TheoryData<string, string[]> Lines => new()
    {
        { "PING\r\n", ["PING"] },
        { "PING\n", ["PING"] },
        { "PING", ["PING"] },
        { "set key value\r\n", ["set", "key", "value"] },
        { "  set \t key\v\fvalue  \r\n", ["set", "key\v\fvalue"] },
        { "\v\fping\r\n", ["ping"] },
        { "a\rb\r\n", ["a", "b"] },
        { "a\r\r\n", ["a"] },
        { "\r\n", [] },
        { "\n", [] },
        { "", [] },
        { " \t\v\f\r \r\n", [] },
        { "set k \"a b\"\r\n", ["set", "k", "a b"] },
        { "set k 'a b'\r\n", ["set", "k", "a b"] },
        { "set k \"\" ''\r\n", ["set", "k", "", ""] },
        { "a\"b c\" d\r\n", ["ab c", "d"] },
        { "\"\\x41\\x6a\\xfF\\x00\"\r\n", ["Aj\xff\0"] },
        { "\"\\n\\r\\t\\b\\a\\\\\\\"\\q\"\r\n", ["\n\r\t\b\a\\\"q"] },
        { "\"\\x4\" \"\\xg0\" \"\\x\"\r\n", ["x4", "xg0", "x"] },
        { "'it\\'s' '\\n' '\\\\a'\r\n", ["it's", "\\n", "\\\\a"] },
        { "\"'\" '\"'\r\n", ["'", "\""] },
        { "\\x41 \\n\r\n", ["\\x41", "\\n"] },
        { "\"a\"\v\"b\"\r\n", ["a", "b"] },
        { "\xe9\x80\r\n", ["\xe9\x80"] },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void TrySplit_Line_GivesItsArguments(string line, string[] expected)
    {
        Assert.True(InlineRequest.TrySplit(Encoding.Latin1.GetBytes(line), out List<byte[]> arguments));
        Assert.Equal(expected, arguments.Select(Encoding.Latin1.GetString));
    }

    [Theory]
    [InlineData("\"\r\n")]
    [InlineData("'\r\n")]
    [InlineData("set k \"a\r\n")]
    [InlineData("set k 'a\r\n")]
    [InlineData("set k \"a\"b\r\n")]
    [InlineData("set k 'a'b\r\n")]
    [InlineData("set k \"a\"\"b\"\r\n")]
    [InlineData("set k 'a\\'\r\n")]
    [InlineData("set k '\\\\'\r\n")]
    [InlineData("set k \"a\\\"\r\n")]
    [InlineData("set k \"a\\\r\n")]
    [InlineData("set k \"a\\x\r\n")]
    [InlineData("set k \"a\\x4\r\n")]
    public void TrySplit_UnbalancedQuotes_IsRefused(string line) =>
        Assert.False(InlineRequest.TrySplit(Encoding.Latin1.GetBytes(line), out _));
}
