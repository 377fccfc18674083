using System.Reflection;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

public sealed class OptionChangesTests
{
    [Fact]
    public void Keys_AreThoseOfTheRecords()
    {
        string[] expected = [.. typeof(ProxyOptions).GetProperties()
            .Where(section => section.Name != nameof(ProxyOptions.Listeners))
            .SelectMany(section => Leaves(section.PropertyType, NameOf(section)))];
        Assert.Equal(expected.Order(), OptionChanges.KeyNames.Order());
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

    private static IEnumerable<string> Leaves(Type section, string path) => section
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .SelectMany(property => property.PropertyType == typeof(KeepAliveOptions)
            ? Leaves(property.PropertyType, $"{path}.{NameOf(property)}")
            : [$"{path}.{NameOf(property)}"]);

    private static string NameOf(PropertyInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
}
