using System.Buffers;
using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

public sealed class RequestWriterTests
{
    [Fact]
    public void Write_Arguments_AreOneMultibulkRequest()
    {
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.Write(output, "SENTINEL", "MASTER", "", "mäster");
        Assert.Equal("*4\r\n$8\r\nSENTINEL\r\n$6\r\nMASTER\r\n$0\r\n\r\n$7\r\nmäster\r\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void WriteBytes_RandomArguments_AreReadBack() => Seeded.Run(500, random =>
    {
        byte[][] arguments = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => RandomRequests.Body(random, 1 << random.Next(12)))];
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.WriteBytes(output, arguments);

        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.Complete, scanner.Scan(output.WrittenSpan, out int consumed));
        Assert.Equal(output.WrittenCount, consumed);
        Assert.Equal(ReferenceRequests.Find(arguments[0]), scanner.Command);
        Assert.Equal(arguments.Select(Convert.ToHexString), RequestArguments.Read(output.WrittenSpan).Select(Convert.ToHexString));
    });

    [Fact]
    public void Write_SeveralRequests_AreAppended()
    {
        var output = new ArrayBufferWriter<byte>(1);
        RequestWriter.Write(output, "PING");
        RequestWriter.WriteBytes(output, "ECHO"u8.ToArray(), "a\r\nb"u8.ToArray());
        Assert.Equal("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Write_ManyArguments_HaveAHeaderOfTheirLength()
    {
        var output = new ArrayBufferWriter<byte>();
        RequestWriter.Write(output, [.. Enumerable.Repeat("x", 100_000)]);
        RequestScanner scanner = default;
        Assert.Equal(ScanStatus.Complete, scanner.Scan(output.WrittenSpan, out int consumed));
        Assert.Equal(output.WrittenCount, consumed);
        Assert.Equal(100_000, RequestArguments.Read(output.WrittenSpan).Count);
    }
}
