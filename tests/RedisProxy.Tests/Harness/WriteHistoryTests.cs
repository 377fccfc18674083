using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

/// <summary>The check of histories must be able to fail; so each kind of dishonesty is made by hand here.</summary>
public sealed class WriteHistoryTests
{
    [Fact]
    public void Compare_EverythingAsTold_IsHonest()
    {
        LossReport report = Compare(
            ["w0-1", "w0-3"],
            (1, WriteOutcome.Acknowledged), (2, WriteOutcome.NotExecuted), (3, WriteOutcome.Unknown), (4, WriteOutcome.Broken));

        Assert.True(report.IsHonest);
        Assert.Null(report.LastLostAt);
        Assert.Equal((1, 1, 1, 1), (report.Acknowledged, report.NotExecuted, report.Unknown, report.Broken));
        Assert.Equal((1, 1), (report.UnknownPresent, report.UnknownAbsent));
    }

    [Fact]
    public void Compare_AcknowledgedAndAbsent_IsLost()
    {
        LossReport report = Compare(["w0-2"], (1, WriteOutcome.Acknowledged), (2, WriteOutcome.Acknowledged));

        Assert.Equal(["w0-1"], report.Lost);
        Assert.NotNull(report.LastLostAt);
        Assert.False(report.IsHonest);
        Assert.Contains("LOST 1: w0-1", report.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WriteOutcome.NotExecuted)]
    [InlineData(WriteOutcome.OtherError)]
    public void Compare_DeniedAndPresent_IsPhantom(WriteOutcome outcome)
    {
        LossReport report = Compare(["w0-1"], (1, outcome));

        Assert.Equal(["w0-1"], report.Phantom);
        Assert.False(report.IsHonest);
    }

    [Fact]
    public void Compare_NeverWrittenAndPresent_IsPhantom() => Assert.Equal(["w0-9"], Compare(["w0-9"]).Phantom);

    [Theory]
    [InlineData(WriteOutcome.Acknowledged)]
    [InlineData(WriteOutcome.Unknown)]
    public void Compare_PresentTwice_IsDuplicate(WriteOutcome outcome)
    {
        LossReport report = Compare(["w0-1", "w0-2", "w0-1"], (1, outcome), (2, WriteOutcome.Acknowledged));

        Assert.Equal(["w0-1"], report.Duplicate);
        Assert.False(report.IsHonest);
    }

    [Fact]
    public void Compare_BehindALaterOne_IsOutOfOrder()
    {
        LossReport report = Compare(
            ["w0-2", "w0-1", "w0-3"], (1, WriteOutcome.Unknown), (2, WriteOutcome.Acknowledged), (3, WriteOutcome.Acknowledged));

        Assert.Equal(["w0-1"], report.OutOfOrder);
        Assert.False(report.IsHonest);
    }

    [Fact]
    public void LongestPause_CountsSuccessesOnly_AndReachesToTheEnd()
    {
        WriteRecord[] records =
        [
            At(0, 1, 1.0, WriteOutcome.Acknowledged), At(1, 1, 2.0, WriteOutcome.Acknowledged), At(0, 2, 3.5, WriteOutcome.OtherError),
            At(1, 2, 4.0, WriteOutcome.Acknowledged),
        ];

        LossReport report = new WriteHistory(records, 0, TimeSpan.FromSeconds(5.5)).Compare(new Dictionary<int, IReadOnlyList<string>>());

        Assert.Equal(new Pause(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)), report.LongestPause);
        Assert.Equal(new Pause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4.5)), report.LongestPauseOfOne);
        Assert.Equal([1.0, 2.0, 4.0, 5.5], report.Pauses.Select(pause => pause.End.TotalSeconds));
    }

    [Theory]
    [InlineData("LOADING", WriteOutcome.NotExecuted)]
    [InlineData("TRYAGAIN", WriteOutcome.NotExecuted)]
    [InlineData("IOERR", WriteOutcome.Unknown)]
    [InlineData("READONLY", WriteOutcome.OtherError)]
    public void OutcomeOf_ErrorCode_IsWhatItPromises(string code, WriteOutcome outcome) =>
        Assert.Equal(outcome, WriteRecord.OutcomeOf(code));

    private static LossReport Compare(string[] stored, params (int Number, WriteOutcome Outcome)[] writes)
    {
        WriteRecord[] records = [.. writes.Select(w => At(0, w.Number, w.Number, w.Outcome))];
        return new WriteHistory(records, 0, TimeSpan.FromSeconds(writes.Length))
            .Compare(new Dictionary<int, IReadOnlyList<string>> { [0] = stored });
    }

    private static WriteRecord At(int writer, int number, double seconds, WriteOutcome outcome) =>
        new(writer, number, outcome, "", TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds));
}
