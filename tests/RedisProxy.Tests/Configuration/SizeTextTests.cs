using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("65536", 65_536L)]
    [InlineData("1KiB", 1_024L)]
    [InlineData("64KiB", 65_536L)]
    [InlineData("10MiB", 10_485_760L)]
    [InlineData("1GiB", 1_073_741_824L)]
    public void TryParse_NumberAndUnit_IsThatLarge(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out long size));
        Assert.Equal(bytes, size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("64KB")]
    [InlineData("64k")]
    [InlineData("64kib")]
    [InlineData("64 KiB")]
    [InlineData("64B")]
    [InlineData("1TiB")]
    [InlineData("1.5MiB")]
    [InlineData("-1")]
    [InlineData("1e6")]
    [InlineData("1_000")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData("99999999999999999999999999")]
    [InlineData("9999999999999GiB")]
    public void TryParse_TooLarge_IsTheLargest(string text)
    {
        Assert.True(SizeText.TryParse(text, out long size));
        Assert.Equal(long.MaxValue, size);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1_000, "1000")]
    [InlineData(1_024, "1KiB")]
    [InlineData(65_536, "64KiB")]
    [InlineData(67_108_864, "64MiB")]
    [InlineData(1_073_741_824, "1GiB")]
    public void Format_Size_HasTheLargestWholeUnitAndIsReadBack(long bytes, string text)
    {
        Assert.Equal(text, SizeText.Format(bytes));
        Assert.True(SizeText.TryParse(text, out long back));
        Assert.Equal(bytes, back);
    }
}
