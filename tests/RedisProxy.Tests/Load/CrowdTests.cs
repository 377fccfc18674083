using RedisProxy.Load.Measures;
using RedisProxy.Load.Sharing;

namespace RedisProxy.Tests.Load;

public sealed class CrowdTests
{
    [Theory]
    [InlineData(null, 10_000)]
    [InlineData(1_048_576L, 10_000)]
    [InlineData(20_500L, 10_000)]
    [InlineData(20_000L, 8_000)]
    public void Clients_AreFewerWhereOpenFilesAreShort(long? limit, int clients) => Assert.Equal(clients, Crowd.ClientsWithin(limit));

    [Fact]
    public void OpenFiles_NeedTwoForASessionAndSomeForOtherThings()
    {
        Assert.True(OpenFiles.Allow(8000, 16_500));
        Assert.False(OpenFiles.Allow(8000, 16_499));
    }
}
