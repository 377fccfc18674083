using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class SocketModeTests
{
    [Theory]
    [InlineData("'0660'", "0660")]
    [InlineData("'660'", "0660")]
    [InlineData("770", "0770")]
    [InlineData("'0007'", "0007")]
    public void Mode_InOctal_IsRead(string written, string expected)
    {
        ProxyOptions options = Configured.Good(Configured.ReadWith(
            $"'admin': {{ 'bind': 'unix:/run/a', 'socketMode': {written}, 'socketGroup': 'ops' }}"));
        Assert.Equal((expected, "ops"), (options.Admin.SocketMode.ToString(), options.Admin.SocketGroup));
    }

    [Theory]
    [InlineData("'0680'")]
    [InlineData("'66'")]
    [InlineData("'00660'")]
    [InlineData("'rw-rw----'")]
    [InlineData("''")]
    public void Mode_Bad_IsReported(string written)
    {
        string error = Assert.Single(Configured.ReadWith($"'admin': {{ 'bind': 'unix:/run/a', 'socketMode': {written} }}").Errors);
        Assert.Equal(
            $"admin.socketMode: {written.Replace('\'', '"')} is not a mode; expected octal permissions such as \"0660\"", error);
    }

    [Fact]
    public void FileOfATcpAddress_IsRefused() => Configured.AssertErrors(
        Configured.ReadWith("'admin': { 'socketMode': '0660', 'socketGroup': 'ops' }"),
        "admin.socketMode: applies only to unix:/path; expected no such key with \"127.0.0.1:9180\"",
        "admin.socketGroup: applies only to unix:/path; expected no such key with \"127.0.0.1:9180\"");
}
