using RedisProxy.CommandLine;

namespace RedisProxy.Tests.CommandLine;

public sealed class StatusWatchTests
{
    [Theory]
    [InlineData(5, "a", "b", "c", "d")]
    [InlineData(4, "a", "b", "… and 2 more lines")]
    [InlineData(3, "a", "… and 3 more lines")]
    [InlineData(24, "a", "b", "c", "d")]
    [InlineData(0, "a", "b", "c", "d")]
    public void Answer_OnATerminal_FitsIntoIt(int rows, params string[] expected) => Assert.Equal(
        $"\u001b[H\u001b[?7l{string.Concat(expected.Select(line => $"{line}\u001b[K\n"))}\u001b[J\u001b[?7h",
        StatusWatch.ForTerminal("a\nb\nc\nd\n", rows));
}
