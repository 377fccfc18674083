using RedisProxy.Testing.Histories;

namespace RedisProxy.ProcessTests.Histories;

public sealed class FaultScheduleTests
{
    [Fact]
    public void Random_SameSeed_IsTheSameSchedule()
    {
        Assert.Equal(FaultSchedule.Random(7, 30).ToString(), FaultSchedule.Random(7, 30).ToString());
        Assert.NotEqual(FaultSchedule.Random(7, 30).ToString(), FaultSchedule.Random(8, 30).ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(200)]
    public void Random_HasAsManyFailoversAsWanted(int failovers)
    {
        FaultSchedule schedule = FaultSchedule.Random(1, failovers);
        Assert.Equal(failovers, schedule.Steps.Count(step => step.IsFailover));
    }

    [Fact]
    public void Random_LongEnough_HasEveryKind() =>
        Assert.Equal(Enum.GetValues<FaultKind>(), FaultSchedule.Random(1, 12).Steps.Select(step => step.Kind).Distinct().Order());
}
