using System.Text;

using RedisProxy.Sessions;

namespace RedisProxy.Tests.Sessions;

public sealed class KeySampleTests
{
    [Fact]
    public void Keys_AreCountedByTheirBytes_WithTheLargestSize()
    {
        var sample = new KeySample();
        sample.Add("a"u8, 10);
        sample.Add("a"u8, 300);
        sample.Add("a"u8, 20);
        sample.Add([0xff], 5);
        sample.Add([0xfe], 5);

        Assert.Equal((5, 0, 3), (sample.Requests, sample.NotCounted, sample.Uses.Count));
        Assert.Equal(new KeyUse(3, 300), sample.Uses["a"]);
    }

    [Fact]
    public void Keys_AreNoMoreThanAreKept_AndTheRestIsSaid()
    {
        var sample = new KeySample();
        for (int i = 0; i < KeySample.MaxKeys + 5; i++)
        {
            sample.Add(Encoding.ASCII.GetBytes($"k{i}"), 1);
        }

        sample.Add("k0"u8, 1);

        Assert.Equal((KeySample.MaxKeys + 6, 5, KeySample.MaxKeys), (sample.Requests, sample.NotCounted, sample.Uses.Count));
        Assert.Equal(2, sample.Uses["k0"].Requests);
    }

    [Theory]
    [InlineData("user:7", "user:7")]
    [InlineData("m\u00c3\u00bcller", "müller")]
    [InlineData("\u00ff\u0001a", "\\xff\\x01a")]
    [InlineData("two\r\nlines", "two\\x0d\\x0alines")]
    public void Text_IsWhatTheKeySays_OrItsBytes(string key, string expected) => Assert.Equal(expected, KeySample.TextOf(key));
}
