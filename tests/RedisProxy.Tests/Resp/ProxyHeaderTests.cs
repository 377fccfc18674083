using System.Net;
using System.Text;

using RedisProxy.Transport;

namespace RedisProxy.Tests.Resp;

public sealed class ProxyHeaderTests
{
    private const string SignatureV2 = "\r\n\r\n\0\r\nQUIT\n";

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 51234 6380\r\n", "192.0.2.1:51234")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 51234 6380\r\n", "[2001:db8::1]:51234")]
    [InlineData("PROXY UNKNOWN\r\n", null)]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", null)]
    [InlineData(SignatureV2 + "\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\xc8\x22\x18\xec", "192.0.2.1:51234")]
    [InlineData(SignatureV2 + "\x21\x11\0\x0f\xc0\0\x02\x01\xc6\x33\x64\x02\xc8\x22\x18\xec\x04\0\0", "192.0.2.1:51234")]
    [InlineData(SignatureV2 + "\x20\0\0\0", null)]
    [InlineData(SignatureV2 + "\x21\0\0\0", null)]
    public void Read_Header_InPiecesOfWhatItAsksFor_EndsWithItsLastByte(string header, string? source)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(header + "*1\r\n$4\r\nPING\r\n");
        int taken = 0;
        int more;
        IPEndPoint? found;
        while ((more = ProxyHeader.Read(bytes.AsSpan(0, taken), out found)) > 0)
        {
            taken += more;
        }

        Assert.Equal(0, more);
        Assert.Equal(header.Length, taken);
        Assert.Equal(source, found?.ToString());
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 51234\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 51234 65536\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 198.51.100.2 51234 6380\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 51234 6380\n")]
    [InlineData("PROXY TCP5 192.0.2.1 198.51.100.2 51234 6380\r\n")]
    [InlineData("PROXY UNKNOWN 45678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678")]
    [InlineData(SignatureV2 + "\x11\x11\0\x0c")]
    [InlineData(SignatureV2 + "\x21\x11\0\x04\xc0\0\x02\x01")]
    [InlineData(SignatureV2 + "\x21\x11\xff\xff")]
    public void Read_AnythingElse_IsRefused(string input)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(input);
        int taken = 0;
        int more;
        while ((more = ProxyHeader.Read(bytes.AsSpan(0, taken), out _)) > 0 && taken + more <= bytes.Length)
        {
            taken += more;
        }

        Assert.True(more < 0, $"{more} more bytes are asked for after {taken} of {bytes.Length}");
    }

    [Theory]
    [InlineData("192.0.2.1:51234", "198.51.100.2:6380")]
    [InlineData("[::ffff:192.0.2.1]:51234", "198.51.100.2:6380")]
    [InlineData("[2001:db8::1]:51234", "[2001:db8::2]:6380")]
    public void Write_ThenRead_GivesTheSameSource(string source, string destination)
    {
        byte[] header = ProxyHeader.Write(IPEndPoint.Parse(source), IPEndPoint.Parse(destination));
        Assert.Equal(0, ProxyHeader.Read(header, out IPEndPoint? found));
        Assert.Equal(source.Replace("[::ffff:192.0.2.1]", "192.0.2.1", StringComparison.Ordinal), found?.ToString());
    }

    [Fact]
    public void Write_AddressesOfTwoFamilies_SaysNothingOfThem()
    {
        byte[] header = ProxyHeader.Write(IPEndPoint.Parse("192.0.2.1:51234"), IPEndPoint.Parse("[2001:db8::2]:6380"));
        Assert.Equal(0, ProxyHeader.Read(header, out IPEndPoint? found));
        Assert.Null(found);
    }
}
