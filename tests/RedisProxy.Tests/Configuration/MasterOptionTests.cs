using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>What is said about <c>sentinel</c> and <c>backend</c>: where the master is.</summary>
public sealed class MasterOptionTests
{
    private const string NoSentinel = "sentinel: missing; expected sentinel.endpoints, or backend.endpoint for one server without Sentinel";
    private const string NoEndpoints = "sentinel.endpoints: missing; expected the address of at least one Sentinel";
    private const string WithMaster = "'listeners': [ { 'bind': '127.0.0.1:6380', 'master': 'm' } ]";
    private const string WithName = "'listeners': [ { 'bind': '127.0.0.1:6380', 'name': 'n' } ]";

    public static TheoryData<string, string[]> BadModes => new()
    {
        { WithMaster, [NoSentinel] },
        { $"{WithMaster}, 'sentinel': {{}}", [NoSentinel] },
        { $"{WithMaster}, 'backend': {{ 'endpoint': null }}", [NoSentinel] },
        { $"{WithMaster}, 'sentinel': 'h:1'", ["sentinel: \"h:1\" is not an object; expected an object"] },
        { $"{WithMaster}, 'sentinel': {{ 'pollInterval': '1s' }}", [NoEndpoints] },
        { $"{WithMaster}, 'sentinel': {{ 'endpoints': [] }}", [NoEndpoints] },
        {
            $"{WithMaster}, 'sentinel': {{ 'endpoints': [ 'h:1' ] }}, 'backend': {{ 'endpoint': 'h:2' }}",
            ["backend.endpoint: is given together with sentinel; expected one of them"]
        },
        {
            $"{WithName}, 'sentinel': {{ 'endpoints': [ 'h:1' ] }}",
            ["listeners[0].master: missing; expected the name of the master, as Sentinel knows it"]
        },
        {
            $"{WithMaster}, 'backend': {{ 'endpoint': 'h:2' }}",
            [
                "listeners[0].master: \"m\" needs sentinel; expected no master with backend.endpoint",
                "listeners[0].name: missing; expected a name, as there is no master to be named after",
            ]
        },
        {
            "'listeners': [ { 'bind': '127.0.0.1:6380' } ], 'backend': { 'endpoint': 'h:2' }",
            ["listeners[0].name: missing; expected a name, as there is no master to be named after"]
        },
        {
            $"{WithName}, 'backend': {{ 'endpoint': 'h' }}",
            ["backend.endpoint: \"h\" has no port; expected \"host:port\" or \"[IPv6]:port\""]
        },
        {
            $"{WithName}, 'backend': {{ 'endpoint': '0.0.0.0:6379' }}",
            ["backend.endpoint: \"0.0.0.0:6379\" is not an address to connect to; expected the address of a server"]
        },
        {
            $"{WithName}, 'backend': {{ 'endpoint': 'localhost:6380' }}",
            ["backend.endpoint: \"localhost:6380\" is this proxy's own listeners[0].bind; expected the address of the server"]
        },
        {
            "'listeners': [ { 'bind': '[::]:6380', 'name': 'n' } ], 'backend': { 'endpoint': '127.0.0.1:6380' }",
            ["backend.endpoint: \"127.0.0.1:6380\" is this proxy's own listeners[0].bind; expected the address of the server"]
        },
    };

    public static TheoryData<string, string> BadSentinels => new()
    {
        { "'endpoints': [ 'h' ]", "sentinel.endpoints[0]: \"h\" has no port; expected \"host:port\" or \"[IPv6]:port\"" },
        { "'endpoints': [ 'h:1', 'h:1' ]", "sentinel.endpoints[1]: \"h:1\" is in the list already; expected each one once" },
        { "'endpoints': [ 'h:1', 'H:1' ]", "sentinel.endpoints[1]: \"H:1\" is in the list already; expected each one once" },
        { "'endpoints': [ 'h:1', null ]", "sentinel.endpoints[1]: is null; expected a value" },
        { "'endpoints': [ 'h:1', [ 'i:1' ] ]", "sentinel.endpoints[1]: is a list or an object; expected a single value" },
        {
            "'endpoints': [ '[::]:1' ]",
            "sentinel.endpoints[0]: \"[::]:1\" is not an address to connect to; expected the address of a server"
        },
        {
            "'endpoints': [ 'redis://:s3cret@h:1' ]",
            "sentinel.endpoints[0]: \"***@h:1\" is a URL; expected \"host:port\" or \"[IPv6]:port\""
        },
        { "'endpoints': 'h:1'", "sentinel.endpoints: \"h:1\" is not a list; expected [ \"host:port\", … ]" },
        { "'endpoints': { 'a': 'h:1' }", "sentinel.endpoints: is an object; expected [ \"host:port\", … ]" },
        { "'endpoints': [ 'h:1' ], 'tls': true", "sentinel.tls: \"true\" is not an object; expected an object" },
        { "'endpoints': [ 'h:1' ], 'pollInterval': '99ms'", "sentinel.pollInterval: \"99ms\" is out of range; expected 100ms to 1m" },
        { "'endpoints': [ 'h:1' ], 'pollInterval': '61s'", "sentinel.pollInterval: \"61s\" is out of range; expected 100ms to 1m" },
        { "'endpoints': [ 'h:1' ], 'requireMajority': 'on'", "sentinel.requireMajority: \"on\" is not a boolean; expected true or false" },
        {
            "'endpoints': [ 'h:1' ], 'quorum': 2",
            "sentinel.quorum: unknown key; expected endpoints, username, password, passwordFile, tls, pollInterval, "
                + "requireMajority, addressMap or allowedNetworks"
        },
        {
            "'endpoints': [ 'h:1' ], 'allowedNetworks': [ '10.0.0.1' ]",
            "sentinel.allowedNetworks[0]: \"10.0.0.1\" is not a network; expected something like \"10.0.0.0/8\" or \"2001:db8::/32\""
        },
        {
            "'endpoints': [ 'h:1' ], 'allowedNetworks': [ '10.0.0.0/33' ]",
            "sentinel.allowedNetworks[0]: \"10.0.0.0/33\" is not a network; expected something like \"10.0.0.0/8\" or \"2001:db8::/32\""
        },
        {
            "'endpoints': [ 'h:1' ], 'allowedNetworks': '10.0.0.0/8'",
            "sentinel.allowedNetworks: \"10.0.0.0/8\" is not a list; expected [ \"10.0.0.0/8\", … ]"
        },
        {
            "'endpoints': [ 'h:1' ], 'addressMap': { '10.0.0.1': 'h:2' }",
            "sentinel.addressMap[\"10.0.0.1\"]: as a key, \"10.0.0.1\" has no port; expected \"host:port\" or \"[IPv6]:port\""
        },
        {
            "'endpoints': [ 'h:1' ], 'addressMap': { '10.0.0.1:1': '10.0.0.2' }",
            "sentinel.addressMap[\"10.0.0.1:1\"]: \"10.0.0.2\" has no port; expected \"host:port\" or \"[IPv6]:port\""
        },
        {
            "'endpoints': [ 'h:1' ], 'addressMap': { '10.0.0.1:1': {} }",
            "sentinel.addressMap[\"10.0.0.1:1\"]: is a list or an object; expected a single value"
        },
        {
            "'endpoints': [ 'h:1' ], 'addressMap': { '[::1]:1': 'h:1', '[0::1]:1': 'h:2' }",
            "sentinel.addressMap[\"[::1]:1\"]: is the same key as another one; expected each one once"
        },
        { "'endpoints': [ 'h:1' ], 'addressMap': [ 'h:1' ]", "sentinel.addressMap: is a list; expected an object" },
        { "'endpoints': [ 'h:1' ], 'addressMap': 'h:1'", "sentinel.addressMap: \"h:1\" is not an object; expected an object" },
    };

    [Theory]
    [MemberData(nameof(BadModes))]
    public void Mode_Bad_IsReported(string sections, string[] expected) =>
        Configured.AssertErrors(Configured.Read($"{{ {sections} }}"), expected);

    [Theory]
    [MemberData(nameof(BadSentinels))]
    public void Sentinel_Bad_IsReported(string keys, string expected) =>
        Configured.AssertErrors(Configured.Read($"{{ {WithMaster}, 'sentinel': {{ {keys} }} }}"), expected);

    [Fact]
    public void Sentinel_Whole_IsRead()
    {
        ProxyOptions options = Configured.Good(Configured.Read($$"""
            { {{WithMaster}}, 'sentinel': {
                'endpoints': [ 's1:26379', '[2001:db8::1]:26379' ], 'username': 'probe', 'password': ' s3 cret ', 'pollInterval': '500ms',
                'requireMajority': true, 'allowedNetworks': [ '10.0.0.0/8', '10.1.2.3/16', '2001:db8::/32' ],
                'addressMap': { '172.18.0.2:6379': '127.0.0.1:7001', '[::1]:6379': '[::2]:7002',
                                'Redis-1:6379': 'h:1', '0.0.0.0:1': 'h:2' } } }
            """));

        SentinelOptions sentinel = options.Sentinel!;
        Assert.Equal([new HostEndpoint("s1", 26379), new HostEndpoint("2001:db8::1", 26379)], sentinel.Endpoints);
        Assert.Equal(("probe", " s3 cret "), (sentinel.Username, sentinel.Password));
        Assert.Equal(TimeSpan.FromMilliseconds(500), sentinel.PollInterval);
        Assert.True(sentinel.RequireMajority);
        Assert.Equal(
            [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("2001:db8::/32")], sentinel.AllowedNetworks);
        Assert.Equal(4, sentinel.AddressMap.Count);
        Assert.Equal(new HostEndpoint("127.0.0.1", 7001), sentinel.AddressMap[new HostEndpoint("172.18.0.2", 6379)]);
        Assert.Equal(new HostEndpoint("::2", 7002), sentinel.AddressMap[new HostEndpoint("::1", 6379)]);
        Assert.Equal(new HostEndpoint("h", 1), sentinel.AddressMap[new HostEndpoint("redis-1", 6379)]);
        Assert.Equal(new HostEndpoint("h", 2), sentinel.AddressMap[new HostEndpoint("0.0.0.0", 1)]);
    }

    [Fact]
    public void Backend_WithoutSentinel_IsRead()
    {
        ProxyOptions options = Configured.Good(Configured.Read($"{{ {WithName}, 'backend': {{ 'endpoint': 'db:6379' }} }}"));

        Assert.Null(options.Sentinel);
        Assert.Equal(new HostEndpoint("db", 6379), options.Backend.Endpoint);
        Assert.Equal(("n", null), (options.Listeners[0].Name, options.Listeners[0].Master));
    }
}
