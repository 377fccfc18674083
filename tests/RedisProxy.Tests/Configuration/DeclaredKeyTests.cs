using System.Globalization;
using System.Reflection;

using RedisProxy.Configuration;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Configuration;

/// <summary>What follows from the declaration of a key, tried for each of them.</summary>
public sealed class DeclaredKeyTests : IDisposable
{
    /// <summary>What is not a value by itself: below the key, a variable and another value than that of the file.</summary>
    private static readonly Dictionary<string, (string Below, string Value)> Others = new()
    {
        ["listeners[].bind"] = ("", "127.0.0.1:7000"),
        ["listeners[].master"] = ("", "other"),
        ["listeners[].socketMode"] = ("", "0660"),
        ["admin.metricsBind"] = ("", "127.0.0.1:7004"),
        ["admin.tls"] = ("__handshakeTimeout", "5s"),
        ["sentinelFacade.tls"] = ("__handshakeTimeout", "5s"),
        ["admin.socketMode"] = ("", "0660"),
        ["listeners[].role"] = ("", "master"),
        ["listeners[].weights"] = ("__10.0.0.0/8", "7"),
        ["listeners[].tls"] = ("__handshakeTimeout", "5s"),
        ["listeners[].handoffAddress"] = ("", "other.example:6380"),
        ["listeners[].proxyProtocol"] = ("__0", "10.0.0.0/8"),
        ["listeners[].users"] = ("__1__password", "x"),
        ["listeners[].users[].username"] = ("", "other"),
        ["listeners[].backendUser"] = ("__password", "x"),
        ["sentinel.endpoints"] = ("__1", "h:2"),
        ["sentinel.username"] = ("", "other"),
        ["sentinel.tls"] = ("__serverName", "other.example"),
        ["sentinel.tls.serverName"] = ("", "other.example"),
        ["sentinel.addressMap"] = ("__h:1", "h:2"),
        ["sentinel.allowedNetworks"] = ("__0", "10.0.0.0/8"),
        ["backend.endpoint"] = ("", "127.0.0.1:7001"),
        ["backend.username"] = ("", "other"),
        ["backend.tls"] = ("__serverName", "other.example"),
        ["backend.tls.serverName"] = ("", "other.example"),
        ["admin.bind"] = ("", "127.0.0.1:7002"),
        ["admin.allowedHosts"] = ("__0", "other.example"),
        ["otlp.endpoint"] = ("", "http://other.example:4318"),
        ["otlp.headers"] = ("", "a=b"),
        ["roles.masters"] = ("__0", "mymaster"),
        ["roles.master.config"] = ("__appendonly", "no"),
        ["roles.replica.config"] = ("__appendonly", "no"),
        ["sentinelFacade.bind"] = ("", "127.0.0.1:7003"),
        ["sentinelFacade.advertise"] = ("__mymaster", "h:1"),
        ["sentinelFacade.username"] = ("", "other"),
        ["notify[].events"] = ("__0", "master_down"),
        ["notify[].masters"] = ("__0", "mymaster"),
        ["notify[].webhook.url"] = ("", "http://h/other"),
        ["notify[].command.path"] = ("", "/bin/false"),
        ["notify[].command.args"] = ("__0", "-x"),
    };

    /// <summary>They need files, or each other: the tests of TLS change them.</summary>
    private static readonly string[] Files = ["certificateFile", "keyFile", "caFile", "requireClientCertificate"];

    private readonly TestAuthority _authority = new();
    private readonly string _tls;

    public DeclaredKeyTests()
    {
        IssuedCertificate own = _authority.Issue("own", "own.test");
        _tls = $"'tls': {{ 'serverName': 'own.test', 'certificateFile': '{own.CertificateFile}', 'keyFile': '{own.KeyFile}' }}";
    }

    public static TheoryData<string> WithRange => [.. DeclaredKeys.All.Where(key => key.Range is not null).Select(key => key.Path)];

    public static TheoryData<string> WithChoices => [.. DeclaredKeys.All.Where(key => key.Choices.Count > 0).Select(key => key.Path)];

    public static TheoryData<string> Changing =>
        [.. DeclaredKeys.All.Where(key => !key.IsIdentity && !Files.Contains(key.Path.Split('.')[^1])).Select(key => key.Path)];

    public void Dispose() => _authority.Dispose();

    [Theory]
    [MemberData(nameof(WithRange))]
    public void Range_IsHeldToTheLastValue(string path)
    {
        ValueRange range = DeclaredKeys.Find(path)!.Range!;
        Assert.All([range.Min, range.Max], text => Configured.Good(ReadWith(path, text)));
        string?[] outside = [Next(range.Min, -1), Next(range.Max, 1)];
        Assert.All(outside.OfType<string>(), text =>
        {
            string error = Assert.Single(ReadWith(path, text).Errors);
            Assert.StartsWith($"{ShownPath(path)}: \"{text}\" is out of range; expected ", error, StringComparison.Ordinal);
            Assert.Contains($"{range.Min} to {range.Max}", error, StringComparison.Ordinal);
            Assert.Equal(range.Special.Length > 0, error.Contains("expected 0 or", StringComparison.Ordinal)
                || error.Contains(", or 0 for", StringComparison.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(WithChoices))]
    public void Choices_AreAllThatIsAccepted(string path)
    {
        IReadOnlyList<string> choices = DeclaredKeys.Find(path)!.Choices;
        if (!Files.Contains(path.Split('.')[^1]))
        {
            Assert.All(choices, text => Configured.Good(ReadWith(path, text)));
        }

        string error = ReadWith(path, "x").Errors[0];
        Assert.StartsWith($"{ShownPath(path)}: \"x\" is ", error, StringComparison.Ordinal);
        Assert.All(choices, text => Assert.Contains(text, error, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Changing))]
    public void Change_IsToldOnceAndTakenUnlessItNeedsARestart(string path)
    {
        DeclaredKey key = DeclaredKeys.Find(path)!;
        (string below, string value) = Others.TryGetValue(path, out (string, string) other) ? other
            : key.Range is { } range ? ("", key.Default == range.Min ? range.Max : range.Min)
            : ("", key.Choices.FirstOrDefault(choice => choice != key.Default) ?? "other");
        ProxyOptions old = Configured.Good(Read(path));
        ProxyOptions now = Configured.Good(Read(path, ($"{Variable(path)}{below}", value)));

        OptionChange change = Assert.Single(OptionChanges.Between(old, now));
        Assert.StartsWith($"{ToldAs(path)}: {(key.IsSecret && !path.Contains("users", StringComparison.Ordinal) ? "changed" : "")}",
            change.Text, StringComparison.Ordinal);
        Assert.Equal(key.NeedsRestart, change.NeedsRestart);
        ProxyOptions taken = OptionChanges.WhatCanBeTaken(old, now);
        Assert.Empty(key.NeedsRestart ? OptionChanges.Between(old, taken) : OptionChanges.Between(taken, now));
    }

    [Theory]
    [InlineData(typeof(ListenerOptions), "listeners[]")]
    [InlineData(typeof(ListenerTlsOptions), "listeners[].tls")]
    [InlineData(typeof(PeerTlsOptions), "backend.tls")]
    [InlineData(typeof(UserOptions), "listeners[].users[]")]
    [InlineData(typeof(NotifyOptions), "notify[]")]
    public void Keys_AreThoseOfTheRecords(Type options, string path)
    {
        string[] settable = [.. options.GetProperties().Where(property => property.CanWrite).SelectMany(LeavesOf)];
        string[] parts = [.. new[] { "tls.", "users[]." }.Where(_ => path == "listeners[]")];
        string[] declared = [.. DeclaredKeys.All.Where(key => key.Path.StartsWith($"{path}.", StringComparison.Ordinal))
            .Select(key => key.Path[(path.Length + 1)..])
            .Where(name => !parts.Any(part => name.StartsWith(part, StringComparison.Ordinal)))];
        Assert.Equal(settable.Order(StringComparer.Ordinal), declared.Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> LeavesOf(PropertyInfo property) => property.PropertyType switch
    {
        var type when type == typeof(TlsMaterial) => ["certificateFile", "keyFile", "caFile"],
        var type when type == typeof(ReplicaOptions) => type.GetProperties().Select(NameOf),
        var type when type.IsClass && type.Name.StartsWith("Notify", StringComparison.Ordinal) =>
            type.GetProperties().Where(inner => inner.CanWrite).Select(inner => $"{NameOf(property)}.{NameOf(inner)}"),
        var type when type == typeof(MultiplexOptions) || type == typeof(DurableOptions) =>
            type.GetProperties().Select(inner => $"{NameOf(property)}.{NameOf(inner)}"),
        _ => [NameOf(property)],
    };

    private static string NameOf(PropertyInfo property) => property.Name == nameof(ListenerOptions.PubSub)
        ? "pubsub"
        : char.ToLowerInvariant(property.Name[0]) + property.Name[1..];

    /// <summary>The smallest step beyond; null when nothing of the kind can be written there.</summary>
    private static string? Next(string text, int step)
    {
        if (int.TryParse(text, CultureInfo.InvariantCulture, out int number))
        {
            return (number + step).ToString(CultureInfo.InvariantCulture);
        }

        long value = DurationText.TryParse(text, out TimeSpan duration) ? duration.Ticks / TimeSpan.TicksPerMillisecond
            : SizeText.TryParse(text, out long bytes) ? bytes : throw new InvalidOperationException(text);
        string unit = duration > TimeSpan.Zero ? "ms" : "";
        return value == 0 ? null : (value + step).ToString(CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>The second receiver has the command.</summary>
    private static string PlaceOf(string path) => path.StartsWith("notify[].command", StringComparison.Ordinal)
        ? path.Replace("[]", ".1", StringComparison.Ordinal)
        : path.Replace("[]", ".0", StringComparison.Ordinal);

    private static string Variable(string path) => $"REDISPROXY_{PlaceOf(path).Replace(".", "__", StringComparison.Ordinal)}";

    private static string ShownPath(string path) => OptionPath.Show(
        PlaceOf(path).Replace('.', ':') + (path == "listeners[].weights" ? ":10.0.0.0/8" : ""));

    /// <summary>A section that needs a reader of its own is told as one key.</summary>
    private static string ToldAs(string path)
    {
        string told = path.Replace("users[]", "users", StringComparison.Ordinal);
        told = told.Split('.') is [.. var parts, _] && parts is [_, "tls" or "users"] ? string.Join('.', parts) : told;
        string receiver = told.StartsWith("notify[].command", StringComparison.Ordinal) ? "script" : "ops";
        return told.Replace("listeners[].", "listener 'reader', ", StringComparison.Ordinal)
            .Replace("notify[].", $"receiver '{receiver}', ", StringComparison.Ordinal);
    }

    private OptionsReading ReadWith(string path, string text) =>
        Read(path, (Variable(path) + (path == "listeners[].weights" ? "__10.0.0.0/8" : ""), text));

    private OptionsReading Read(string path, params (string Name, string Value)[] environment)
    {
        string listenerTls = _tls.Replace("'serverName': 'own.test', ", "", StringComparison.Ordinal);
        // Keys for replicas are not allowed for a master, and the other way round.
        string role = path.StartsWith("listeners[].durable.", StringComparison.Ordinal) ? "master" : "replica";
        (string bind, string admin) = path.Contains("socket", StringComparison.Ordinal)
            ? ("unix:/run/r.sock", "unix:/run/a.sock")
            : ("127.0.0.1:6380", "127.0.0.1:9180");
        string json = path == "backend.endpoint"
            ? "{ 'listeners': [ { 'bind': '127.0.0.1:6380', 'name': 'm' } ], 'backend': { 'endpoint': '127.0.0.1:6379' } }"
            : $$"""
                { 'listeners': [
                    { 'bind': '{{bind}}', 'master': 'mymaster', 'name': 'reader', 'role': '{{role}}', {{listenerTls}},
                      'users': [ { 'password': 'p' } ] },
                    { 'bind': '127.0.0.1:6381', 'master': 'mymaster' } ],
                  'sentinel': { 'endpoints': [ '127.0.0.1:26379' ], 'password': 'p', {{_tls}} },
                  'backend': { 'password': 'p', {{_tls}} },
                  'sentinelFacade': { 'password': 'p', {{listenerTls}} }, 'admin': { 'bind': '{{admin}}', {{listenerTls}} },
                  'notify': [
                    { 'name': 'ops', 'webhook': { 'url': 'http://h' } },
                    { 'name': 'script', 'command': { 'path': '/bin/true' } } ] }
                """;
        return Configured.Read(json, environment);
    }
}
