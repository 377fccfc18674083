using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("00", 0)]
    [InlineData("0ms", 0)]
    [InlineData("0s", 0)]
    [InlineData("1ms", 1)]
    [InlineData("250ms", 250)]
    [InlineData("4s", 4_000)]
    [InlineData("04s", 4_000)]
    [InlineData("60s", 60_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("24h", 86_400_000)]
    public void TryParse_NumberAndUnit_IsThatLong(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("ms")]
    [InlineData("s")]
    [InlineData("4 s")]
    [InlineData("4 sec")]
    [InlineData(" 4s")]
    [InlineData("4s ")]
    [InlineData("4S")]
    [InlineData("4sec")]
    [InlineData("1.5s")]
    [InlineData("-4s")]
    [InlineData("+4s")]
    [InlineData("1m30s")]
    [InlineData("00:00:04")]
    [InlineData("1d")]
    [InlineData("4us")]
    [InlineData("٤s")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData("9999999999999h")]
    [InlineData("99999999999999999999999999999999ms")]
    public void TryParse_TooLarge_IsTheLargest(string text)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.MaxValue, duration);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ms")]
    [InlineData(1_500, "1500ms")]
    [InlineData(4_000, "4s")]
    [InlineData(90_000, "90s")]
    [InlineData(120_000, "2m")]
    [InlineData(3_600_000, "1h")]
    public void Format_Duration_HasTheLargestWholeUnitAndIsReadBack(long milliseconds, string text)
    {
        Assert.Equal(text, DurationText.Format(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.True(DurationText.TryParse(text, out TimeSpan back));
        Assert.Equal(milliseconds, back.TotalMilliseconds);
    }
}
