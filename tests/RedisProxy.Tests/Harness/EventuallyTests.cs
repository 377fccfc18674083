using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

public sealed class EventuallyTests
{
    [Fact]
    public async Task Within_ConditionThatComesTrue_Returns()
    {
        int looks = 0;

        await Eventually.Within(TimeSpan.FromSeconds(5), () => ++looks == 3, "the third look");

        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Within_ConditionThatNeverHolds_SaysWhatWasWaitedForAndSeen()
    {
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Within(
            TimeSpan.FromMilliseconds(50), () => Task.FromResult("blue"), colour => colour == "red", "the lamp is red"));

        Assert.Equal("Not within 0.05 s: the lamp is red. Last seen: blue.", e.Message);
    }

    [Fact]
    public async Task Within_ConditionThatThrows_SaysTheLastException()
    {
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Within(
            TimeSpan.FromMilliseconds(50), bool () => throw new FormatException("not a colour"), "the lamp is red"));

        Assert.EndsWith("Last look: FormatException: not a colour", e.Message, StringComparison.Ordinal);
    }
}
