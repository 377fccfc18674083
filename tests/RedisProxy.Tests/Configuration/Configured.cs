using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>Reads configurations that tests write down. In their JSON, single quotes stand for double ones.</summary>
internal static class Configured
{
    public const string Listeners = "'listeners': [ { 'bind': '127.0.0.1:6380', 'master': 'mymaster' } ]";

    public const string Sentinel = "'sentinel': { 'endpoints': [ '127.0.0.1:26379' ] }";

    public static OptionsReading Read(
        string? json = null,
        (string Name, string Value)[]? environment = null,
        (string Path, string Value)[]? commandLine = null,
        string[]? replaced = null)
    {
        using var directory = new ScratchDirectory();
        var layer = new OptionLayer();
        foreach ((string path, string value) in commandLine ?? [])
        {
            layer.TryAdd(path, value, "--option");
        }

        foreach (string path in replaced ?? [])
        {
            layer.Replace(path);
        }

        return OptionsReader.Read(new OptionSources
        {
            File = json is null ? null : directory.Write("proxy.json", json.Replace('\'', '"')),
            Environment = (environment ?? []).ToDictionary(v => v.Name, v => v.Value),
            CommandLine = layer,
            Directory = directory.Path,
        });
    }

    /// <summary>The smallest good file and something else.</summary>
    public static OptionsReading ReadWith(string sections) => Read($"{{ {Listeners}, {Sentinel}, {sections} }}");

    public static ProxyOptions Good(OptionsReading reading)
    {
        Assert.Empty(reading.Errors);
        Assert.NotNull(reading.Options);
        return reading.Options;
    }

    public static void AssertErrors(OptionsReading reading, params string[] expected)
    {
        Assert.Equal(expected, reading.Errors);
        Assert.Null(reading.Options);
    }
}
