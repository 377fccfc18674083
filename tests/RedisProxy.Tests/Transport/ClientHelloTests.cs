using RedisProxy.Transport;

namespace RedisProxy.Tests.Transport;

public sealed class ClientHelloTests
{
    private static readonly byte[] Message = [1, 0, 1, 44, .. new byte[300]];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(100)]
    [InlineData(16384)]
    public void Hello_InRecordsOfAnySize_IsWholeAtItsLastByte(int recordBytes)
    {
        byte[] sent = InRecords(Message, recordBytes);
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.Equal(HelloStatus.Incomplete, ClientHello.Look(sent.AsSpan(0, i)));
        }

        Assert.Equal(HelloStatus.Whole, ClientHello.Look(sent));
        Assert.Equal(HelloStatus.Whole, ClientHello.Look([.. sent, 99]));
    }

    [Theory]
    [InlineData("PING\r\n")]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0001\0")]
    [InlineData("\u0016\u0002")]
    [InlineData("\u0016\u0003\u0001\0\0")]
    [InlineData("\u0016\u0003\u0001\u0050\0")]
    [InlineData("\u0016\u0003\u0001\0\u0001\u0002")]
    [InlineData("\u0016\u0003\u0001\0\u0004\u0001\u0001\0\0")]
    public void Bytes_ThatBeginNoHello_AreRefused(string sent) =>
        Assert.Equal(HelloStatus.Refused, ClientHello.Look(System.Text.Encoding.Latin1.GetBytes(sent)));

    [Fact]
    public void Hello_ThatDoesNotEnd_IsRefused() => Assert.Equal(
        HelloStatus.Refused, ClientHello.Look(InRecords([1, 0, 63, 0, .. new byte[16000]], 1).AsSpan(0, ClientHello.MaxBytes)));

    private static byte[] InRecords(byte[] message, int recordBytes) =>
        [.. message.Chunk(recordBytes).SelectMany(part => (byte[])[22, 3, 1, (byte)(part.Length >> 8), (byte)part.Length, .. part])];
}
