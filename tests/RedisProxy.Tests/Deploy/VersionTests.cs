using System.Text.RegularExpressions;

namespace RedisProxy.Tests.Deploy;

/// <summary>
/// The version is written in Directory.Build.props, from which the program, its packages and archives take it. Files that cannot take it
/// from there say the same: <c>./release.sh --set-version</c> changes all of them.
/// </summary>
public sealed partial class VersionTests
{
    private static readonly string[] Files =
    [
        "CHANGELOG.md", "Dockerfile", "README.md", "README.zh-CN.md", "docs/deploy.md",
        DeployFiles.Compose, $"{DeployFiles.Chart}/Chart.yaml", $"{DeployFiles.Central}/kustomization.yaml",
        $"{DeployFiles.Sidecar}/kustomization.yaml",
    ];

    public static TheoryData<string> Places => [.. Files];

    [Fact]
    public void Program_IsOfTheVersionInTheBuildProperties() =>
        Assert.Contains($"<Version>{Product.Version}</Version>", DeployFiles.Read("Directory.Build.props"), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Places))]
    public void Version_IsTheSameInEveryFile(string file)
    {
        MatchCollection said = Said().Matches(DeployFiles.Read(file));
        Assert.NotEmpty(said);

        // The change log has those of earlier releases below its own.
        IEnumerable<Match> own = file == "CHANGELOG.md" ? said.Take(1) : said;
        Assert.All(own, version => Assert.Equal(Product.Version, version.Groups["version"].Value));
    }

    [Fact]
    public void Script_ChangesEveryOneOfThem()
    {
        string script = DeployFiles.Read("release.sh");
        Assert.All(Files, file => Assert.Contains(file, script, StringComparison.Ordinal));
    }

    [GeneratedRegex(
        @"(redisproxy[:_]|newTag: |[vV]ersion: |version |image\.version=""|版本 |^## )(?<version>\d+\.\d+\.\d+)\b", RegexOptions.Multiline)]
    private static partial Regex Said();
}
