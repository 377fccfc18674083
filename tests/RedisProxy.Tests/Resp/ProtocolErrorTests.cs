using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

public sealed class ProtocolErrorTests
{
    [Fact]
    public void Describe_EveryError_IsOneLineOrSilence()
    {
        foreach (ProtocolError error in Enum.GetValues<ProtocolError>().Where(e => e != ProtocolError.None))
        {
            for (int got = 0; got <= byte.MaxValue; got++)
            {
                string? text = ProtocolErrors.Describe(error, (byte)got);
                bool isSilent = error is ProtocolError.TlsHello or ProtocolError.CrossProtocol or ProtocolError.InvalidReply;
                Assert.Equal(isSilent, text is null);
                Assert.True(text is null || text.StartsWith("ERR Protocol error: ", StringComparison.Ordinal));
                Assert.DoesNotContain(text ?? "", c => c is '\r' or '\n');
            }
        }
    }

    [Fact]
    public void Describe_None_IsNoError() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ProtocolErrors.Describe(ProtocolError.None, 0));

    [Theory]
    [InlineData('P', "ERR Protocol error: expected '$', got 'P'")]
    [InlineData('\r', "ERR Protocol error: expected '$', got ' '")]
    [InlineData('\n', "ERR Protocol error: expected '$', got ' '")]
    [InlineData('\xff', "ERR Protocol error: expected '$', got '\xff'")]
    public void Describe_ExpectedDollar_NamesTheByte(char got, string expected) =>
        Assert.Equal(expected, ProtocolErrors.Describe(ProtocolError.ExpectedDollar, (byte)got));
}
