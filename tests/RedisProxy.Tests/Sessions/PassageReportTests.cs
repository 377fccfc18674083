using RedisProxy.EventLoops;
using RedisProxy.Sessions;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a process says of the sessions that it has passed on.</summary>
public sealed class PassageReportTests
{
    // Behind the head and a number.
    private static readonly int CountAt = "RedisProxy passed on ".Length + sizeof(long);

    private static readonly PassageReport Report = PassageReport.Of(
        7, [[0, 1, 2, 0, 0, 0, 0], [3, 0, 1, 0, 0, 0, 0]], TimeSpan.FromMicroseconds(12_345));

    [Fact]
    public void Report_ArrivesAsItWasSent_AndIsReadable()
    {
        PassedMessage message = MessageOf(Report.Write());
        Assert.True(PassageReport.IsOne(message));
        PassageReport read = PassageReport.TryRead(message)!;
        Assert.Equal((7, TimeSpan.FromMicroseconds(12_345)), (read.Given, read.LongestQuiet));
        Assert.Equal([3, 1, 3, 0, 0, 0, 0], read.Stayed);
        Assert.Equal("stayed: late 3, refused 1, tls 3; none was quiet for longer than 0.012 s", read.ToString());
        Assert.Equal("none stayed; none was quiet for longer than 0.000 s", PassageReport.Of(0, [], default).ToString());
    }

    [Fact]
    public void Report_CutOffOrOfOtherReasons_IsNotUnderstood()
    {
        byte[] bytes = Report.Write();
        Assert.Null(PassageReport.TryRead(MessageOf(bytes[..^1])));
        Assert.Null(PassageReport.TryRead(MessageOf([.. bytes[..CountAt], 6, .. bytes[(CountAt + 1)..]])));
        Assert.False(PassageReport.IsOne(MessageOf([1, 2, 3])));
        Assert.False(PassageReport.IsOne(MessageOf(bytes) with { First = 5 }));
    }

    private static PassedMessage MessageOf(byte[] bytes) => new(bytes, PassedMessage.None, PassedMessage.None, IsWhole: true);
}
