using System.Text.RegularExpressions;

using RedisProxy.Configuration;
using RedisProxy.Tests.Configuration;

namespace RedisProxy.Tests.Deploy;

/// <summary>Each deployment's own proxy.json, read as the program reads it.</summary>
public sealed partial class ConfigurationFileTests
{
    public static TheoryData<string> Files => [.. DeployFiles.Configurations];

    [Theory]
    [MemberData(nameof(Files))]
    public void Configuration_OfADeployment_IsGood(string file)
    {
        ProxyOptions options = Product.Configuration(DeployFiles.Read(file));
        Assert.Equal("mymaster", options.Listeners[0].Master);
        Assert.Equal(3, options.Sentinel!.Endpoints.Count);
        Assert.Equal("0.0.0.0:9180", options.Admin.Bind!.ToString());
        Assert.Null(options.Admin.Token);
    }

    [Fact]
    public void Configuration_OfTheDebianPackage_LacksOnlyTheTokenThatIsMadeOnInstallation()
    {
        OptionsReading reading = Configured.Read(DeployFiles.Read(DeployFiles.DebianConfiguration));
        Assert.StartsWith(
            "admin.tokenFile: \"/etc/redisproxy/token\" does not exist", Assert.Single(reading.Errors), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Configuration_WithWhatIsCommentedOut_LacksTheSecretsOnly(string file)
    {
        OptionsReading reading = Configured.Read(CommentedOut().Replace(DeployFiles.Read(file), ""));
        Assert.All(reading.Errors, error => Assert.Matches("File: \"/run/secrets/redisproxy/[a-z-]+\" does not exist", error));
    }

    /// <summary>Slashes before a key or before the end of a section.</summary>
    [GeneratedRegex("""//(?= ?"[A-Za-z]+":)|//(?=\})""")]
    private static partial Regex CommentedOut();
}
