using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class MessageTextTests
{
    private static readonly string[] Keys = ["timeout", "maxOutage", "planned", "plannedTimeout"];

    [Theory]
    [InlineData("timeot", "timeout")]
    [InlineData("tiemout", "timeout")]
    [InlineData("timeoutt", "timeout")]
    [InlineData("max_outage", "maxOutage")]
    [InlineData("MAXOUTAGES", "maxOutage")]
    [InlineData("plan", null)]
    [InlineData("plannd", "planned")]
    [InlineData("plannedTimeot", "plannedTimeout")]
    [InlineData("retries", null)]
    [InlineData("", null)]
    public void Nearest_Name_IsTheOneThatWasMeant(string given, string? expected) => Assert.Equal(expected, Spelling.Nearest(given, Keys));

    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("4 sec", "\"4 sec\"")]
    [InlineData("a\nb\u001b[31m", "\"a\\u000ab\\u001b[31m\"")]
    [InlineData("redis://user:s3cret@host:6379", "\"***@host:6379\"")]
    [InlineData("p@ss@host", "\"***@host\"")]
    [InlineData("größe 🙂", "\"größe 🙂\"")]
    public void Quoted_Value_IsOneLineWithoutCredentials(string value, string expected) => Assert.Equal(expected, QuotedValue.Of(value));

    [Fact]
    public void Quoted_LongValue_IsCut()
    {
        Assert.Equal($"\"{new string('x', 80)}\"", QuotedValue.Of(new string('x', 80)));
        Assert.Equal($"\"{new string('x', 80)}…\"", QuotedValue.Of(new string('x', 81)));
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a b", "a or b")]
    [InlineData("a b c", "a, b or c")]
    public void Alternatives_Words_ReadAsASentence(string words, string expected) =>
        Assert.Equal(expected, QuotedValue.Alternatives(words.Split(' ')));

    [Theory]
    [InlineData("hold", "hold")]
    [InlineData("hold:timeout", "hold.timeout")]
    [InlineData("listeners:0:bind", "listeners[0].bind")]
    [InlineData("sentinel:endpoints:10", "sentinel.endpoints[10]")]
    [InlineData("listeners:01:bind", "listeners.01.bind")]
    [InlineData("hold:", "hold.\"\"")]
    [InlineData("hold:max_outage-2", "hold.max_outage-2")]
    [InlineData("hold:a.b\nc", "hold.\"a.b\\u000ac\"")]
    [InlineData("sentinel:addressMap", "sentinel.addressMap")]
    [InlineData("sentinel:addressMap:10.0.0.1:6379", "sentinel.addressMap[\"10.0.0.1:6379\"]")]
    [InlineData("sentinel:addressMap:[::1]:6379", "sentinel.addressMap[\"[::1]:6379\"]")]
    public void Path_ForPeople_LooksLikeTheFile(string path, string expected) => Assert.Equal(expected, OptionPath.Show(path));
}
