using RedisProxy.Load.Reporting;

namespace RedisProxy.Tests.Load;

public sealed class BarTests
{
    [Theory]
    [InlineData(0.99, true)]
    [InlineData(1.00, true)]
    [InlineData(1.0004, false)]
    public void AtMost_IsJudgedByTheFigure_NotByItsText(double figure, bool passes) =>
        Assert.Equal(passes, new Bar("cell", "ratio", figure, Limit.AtMost(1)).IsPassed);

    [Fact]
    public void AtLeast_WithLess_Fails()
    {
        Assert.False(new Bar("cell", "speed", 1.99, Limit.AtLeast(2)).IsPassed);
        Assert.True(new Bar("cell", "speed", 2, Limit.AtLeast(2)).IsPassed);
    }

    [Fact]
    public void Figure_ThatIsMissingOrNoNumber_Fails()
    {
        Assert.False(new Bar("cell", "ratio", null, Limit.AtMost(1)).IsPassed);
        Assert.False(new Bar("cell", "ratio", double.NaN, Limit.AtMost(1)).IsPassed);
        Assert.False(new Bar("cell", "ratio", double.NaN, Limit.AtLeast(1)).IsPassed);
    }

    [Fact]
    public void Aim_ThatIsMissed_DoesNotFail()
    {
        var bar = new Bar("cell", "ratio", 0.95, Limit.AtMost(1)) { Aim = Limit.AtMost(1.1), AimWhat = "÷ floor", AimFigure = 1.2 };

        Assert.True(bar.IsPassed);
        Assert.Equal(["cell", "ratio", "0.950", "", "≤ 1.000", "÷ floor ≤ 1.100: 1.200, not reached", "passed"], bar.Row);
    }

    [Theory]
    [InlineData(0.970, 0.014, true)]
    [InlineData(0.970, 0.016, false)]
    [InlineData(1.030, 0.014, true)]
    [InlineData(1.030, 0.016, false)]
    public void IsDecided_BarIsFurtherAwayThanTwoErrorsOnEitherSide(double figure, double error, bool isDecided) =>
        Assert.Equal(isDecided, new Bar("cell", "ratio", figure, Limit.AtMost(1)) { Error = error }.IsDecided);

    [Fact]
    public void IsDecided_WithoutAFigureOrItsError_FurtherRoundsWouldNotHelp()
    {
        Assert.True(new Bar("cell", "ratio", null, Limit.AtMost(1)) { Error = 0.1 }.IsDecided);
        Assert.True(new Bar("cell", "ratio", 1, Limit.AtMost(1)).IsDecided);
    }

    [Fact]
    public void Row_WithAnError_SaysHowCertainTheFigureIs() =>
        Assert.Equal("0.970 ± 0.014", new Bar("cell", "ratio", 0.97, Limit.AtMost(1)) { Error = 0.014 }.Row[2]);

    [Fact]
    public void Floor_ThatMissesTheBarAsWell_IsShownAndExcusesNothing()
    {
        var bar = new Bar("cell", "speed", 0.979, Limit.AtLeast(1)) { Floor = 0.955 };

        Assert.Equal(["cell", "speed", "0.979", "0.955", "≥ 1.000", "", "FAILED"], bar.Row);
    }
}
