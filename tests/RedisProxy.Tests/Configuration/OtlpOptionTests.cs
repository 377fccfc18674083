using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class OtlpOptionTests
{
    private const string Secret = "s3cret";
    private const string NotAUrl = "is not the URL of a collector; expected something like \"http://collector:4318\", or \"\" for none";
    private const string WrongHeader = "cannot be sent; expected \"name=value\", separated by commas, percent-encoded";

    public static TheoryData<string, string> BadValues => new()
    {
        { "'endpoint': 'collector:4318'", $"otlp.endpoint: \"collector:4318\" {NotAUrl}" },
        { "'endpoint': '/v1/metrics'", $"otlp.endpoint: \"/v1/metrics\" {NotAUrl}" },
        { "'endpoint': 'grpc://collector:4317'", $"otlp.endpoint: \"grpc://collector:4317\" {NotAUrl}" },
        { "'endpoint': 'http://'", $"otlp.endpoint: \"http://\" {NotAUrl}" },
        {
            $"'endpoint': 'https://u:{Secret}@collector'",
            "otlp.endpoint: contains credentials; expected a plain URL (headers or headersFile are for secrets)"
        },
        {
            $"'endpoint': 'https://collector?key={Secret}'",
            "otlp.endpoint: contains a query; expected a plain URL (headers or headersFile are for secrets)"
        },
        { "'protocol': 'http'", "otlp.protocol: \"http\" is unknown; expected \"http/protobuf\" or \"grpc\"" },
        { "'interval': '999ms'", "otlp.interval: \"999ms\" is out of range; expected 1s to 1h" },
        { "'timeout': '0'", "otlp.timeout: \"0\" is out of range; expected 100ms to 1m" },
        { $"'headers': '{Secret}'", $"otlp.headers: header 1 {WrongHeader}" },
        { $"'headers': 'a=b,'", $"otlp.headers: header 2 {WrongHeader}" },
        { $"'headers': 'a={Secret}%0Ab'", $"otlp.headers: header 1 {WrongHeader}" },
        { $"'headers': 'a=pä{Secret}'", $"otlp.headers: header 1 {WrongHeader}" },
        { $"'headers': '{Secret} x=b'", $"otlp.headers: header 1 {WrongHeader}" },
        { $"'headers': 'Content-Type={Secret}'", $"otlp.headers: header 1 {WrongHeader}" },
        { $"'headers': 'a={Secret},A=b'", "otlp.headers: header 2 repeats the name of an earlier one; expected each name once" },
        { "'header': 'a=b'", "otlp.header: unknown key; did you mean \"headers\"?" },
        { "'headersFile': 'none'", "otlp.headersFile: \"none\" does not exist; expected a file with the headers in its first line" },
        {
            $"'headers': 'a={Secret}', 'headersFile': 'b'",
            "otlp.headersFile: is given together with headers; expected one of them"
        },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Value_Bad_IsReportedWithoutASecret(string keys, string expected)
    {
        Configured.AssertErrors(Configured.ReadWith($"'otlp': {{ {keys} }}"), expected);
        Assert.DoesNotContain(Secret, expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_Bad_AreReportedTogetherWithWhereTheyComeFrom() => Configured.AssertErrors(
        Configured.Read(
            $"{{ {Configured.Listeners}, {Configured.Sentinel}, 'otlp': {{ 'endpoint': 'x', 'interval': 'soon' }} }}",
            environment: [("REDISPROXY_otlp__protocol", "smoke")]),
        $"otlp.endpoint: \"x\" {NotAUrl}",
        "otlp.protocol: \"smoke\" is unknown; expected \"http/protobuf\" or \"grpc\" (from REDISPROXY_otlp__protocol)",
        "otlp.interval: \"soon\" is not a duration; expected something like \"250ms\", \"4s\" or \"2m\"");

    [Fact]
    public void Values_Good_AreReadFromFileAndEnvironment()
    {
        using var directory = new ScratchDirectory();
        string path = Path.Combine(directory.Path, directory.Write("headers", "Authorization=Bearer%20s3cret, x-tenant = a%2Cb\n"));
        string section = $"'otlp': {{ 'protocol': 'GRPC', 'interval': '1m', 'headersFile': '{path}' }}";
        OtlpOptions otlp = Configured.Good(Configured.Read(
            $"{{ {Configured.Listeners}, {Configured.Sentinel}, {section} }}",
            environment: [("REDISPROXY_otlp__endpoint", "https://collector.example:4317")])).Otlp;
        Assert.Equal(
            (new Uri("https://collector.example:4317"), OtlpProtocol.Grpc, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)),
            (otlp.Endpoint, otlp.Protocol, otlp.Interval, otlp.Timeout));
        Assert.Null(OtlpHeaders.Parse(otlp.Headers!, out IReadOnlyList<KeyValuePair<string, string>> headers));
        Assert.Equal([new("Authorization", "Bearer s3cret"), new("x-tenant", "a,b")], headers);
        Assert.Equal("Otlp https://collector.example:4317/", otlp.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("'otlp': { 'endpoint': '' },")]
    [InlineData("'otlp': { 'endpoint': null },")]
    public void Endpoint_None_IsOff(string section) => Assert.Null(
        Configured.Good(Configured.Read($"{{ {section} {Configured.Listeners}, {Configured.Sentinel} }}")).Otlp.Endpoint);

    [Fact]
    public void Changes_NeedARestartAndShowNoSecret()
    {
        ProxyOptions old = Configured.Good(Configured.ReadWith("'otlp': { 'endpoint': 'http://a:1', 'headers': 'a=old-canary' }"));
        ProxyOptions now = Configured.Good(Configured.ReadWith(
            "'otlp': { 'endpoint': 'http://b:2', 'protocol': 'grpc', 'headers': 'a=new-canary' }"));
        IReadOnlyList<OptionChange> changes = OptionChanges.Between(old, now);
        Assert.Equal(
            ["otlp.endpoint: http://a:1/ → http://b:2/", "otlp.protocol: http/protobuf → grpc", "otlp.headers: changed"],
            changes.Select(change => change.Text));
        Assert.All(changes, change => Assert.True(change.NeedsRestart));
        Assert.Equal(old.Otlp, OptionChanges.WhatCanBeTaken(old, now).Otlp);
    }
}
