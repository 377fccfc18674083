using System.Reflection;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class OptionChangesTests
{
    [Fact]
    public void Keys_AreThoseOfTheRecords()
    {
        string[] expected = [.. typeof(ProxyOptions).GetProperties()
            .Where(section => section.Name is not (nameof(ProxyOptions.Listeners) or nameof(ProxyOptions.Notify)))
            .SelectMany(section => Leaves(section.PropertyType, NameOf(section)))];
        Assert.Equal(expected.Order(), ProxyKeys.Table.Keys.Select(key => key.Name).Order());
    }

    [Fact]
    public void Changes_AreToldByKeyAndSecretsWithoutTheirValue()
    {
        ProxyOptions old = Configured.Good(Configured.ReadWith("'hold': { 'timeout': '4s' }, 'admin': { 'token': 'old-canary' }"));
        ProxyOptions now = Configured.Good(Configured.ReadWith(
            "'hold': { 'timeout': '2s' }, 'admin': { 'token': 'new-canary', 'bind': '127.0.0.1:99' }, 'loops': { 'count': 3 }"));
        IReadOnlyList<OptionChange> changes = OptionChanges.Between(old, now);
        Assert.Equal(
            ["hold.timeout: 4s → 2s", "admin.bind: 127.0.0.1:9180 → 127.0.0.1:99", "admin.token: changed", "loops.count: 0 → 3"],
            changes.Select(change => change.Text));
        Assert.Equal([false, true, false, true], changes.Select(change => change.NeedsRestart));
        ProxyOptions taken = OptionChanges.WhatCanBeTaken(old, now);
        Assert.Equal(
            ("127.0.0.1:9180", 0, "new-canary", TimeSpan.FromSeconds(2)),
            (taken.Admin.Bind!.ToString(), taken.Loops.Count, taken.Admin.Token, taken.Hold.Timeout));
        Assert.Empty(OptionChanges.Between(old, old));
    }

    [Fact]
    public void Users_AreToldByNameAndTakenUnlessTheirKindOfAuthenticationWouldChange()
    {
        ProxyOptions none = WithListener("");
        ProxyOptions old = WithListener(", 'users': [ { 'username': 'app', 'password': 'old-canary' } ]");
        ProxyOptions rotated = WithListener(", 'users': [ { 'username': 'app', 'password': 'new-canary' }, { 'password': 'canary' } ]");
        ProxyOptions renewed = WithListener(", 'users': [ { 'username': 'app', 'password': 'new-canary' } ]");
        ProxyOptions injected = WithListener(
            ", 'users': [ { 'username': 'app', 'password': 'old-canary' } ], 'backendUser': { 'password': 'canary' }");
        AssertChange(none, old, "users: none → app", needsRestart: true);
        AssertChange(old, rotated, "users: app → app, default", needsRestart: false);
        AssertChange(old, renewed, "users: app → app with another password", needsRestart: false);
        AssertChange(old, injected, "backendUser: none → default", needsRestart: false);
        Assert.Equal("new-canary", OptionChanges.WhatCanBeTaken(old, renewed).Listeners[0].Users[0].Password);
        Assert.Empty(OptionChanges.WhatCanBeTaken(none, old).Listeners[0].Users);
        Assert.Empty(OptionChanges.Between(old, WithListener(", 'users': [ { 'username': 'app', 'password': 'old-canary' } ]")));
        Assert.DoesNotContain("canary", $"{injected} {injected.Listeners[0]} {injected.Listeners[0].Users[0]}", StringComparison.Ordinal);
    }

    private static ProxyOptions WithListener(string keys) => Configured.Good(Configured.Read(
        $"{{ 'listeners': [ {{ 'bind': '127.0.0.1:1', 'master': 'm'{keys} }} ], {Configured.Sentinel} }}"));

    private static void AssertChange(ProxyOptions old, ProxyOptions now, string text, bool needsRestart) =>
        Assert.Equal(new OptionChange($"listener 'm', {text}", needsRestart), Assert.Single(OptionChanges.Between(old, now)));

    private static IEnumerable<string> Leaves(Type section, string path) => section
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => property.PropertyType == typeof(KeepAliveOptions) || property.PropertyType == typeof(RolePolicyOptions)
            ? Leaves(property.PropertyType, $"{path}.{NameOf(property)}")
            : [$"{path}.{NameOf(property)}"]);

    private static string NameOf(PropertyInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
}
