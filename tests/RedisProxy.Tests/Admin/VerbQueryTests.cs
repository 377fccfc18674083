using Microsoft.AspNetCore.Http;

using RedisProxy.Admin;

namespace RedisProxy.Tests.Admin;

public sealed class VerbQueryTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("?listener=a", null)]
    [InlineData("?for=3s&listener=a", null)]
    [InlineData("?fro=3s", "there is no parameter 'fro'; known parameters: for, listener")]
    [InlineData("?listener=", "listener must have one value, or be left out")]
    [InlineData("?listener", "listener must have one value, or be left out")]
    [InlineData("?listener=a&listener=b", "listener must have one value, or be left out")]
    [InlineData("?for=&listener=a", "for must have one value, or be left out")]
    public void Parameters_AreKnownAndHaveOneValue(string query, string? expected)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString(query);
        Assert.Equal(expected, VerbQuery.Refuse(http, ["for"])?.Text);
    }
}
