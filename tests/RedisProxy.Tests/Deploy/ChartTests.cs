using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RedisProxy.Tests.Deploy;

/// <summary>The Helm chart as it lies there: values, schema and templates fit each other. ./test.sh --container renders it.</summary>
public sealed partial class ChartTests
{
    private static readonly JsonObject Values = DeployFiles.Document($"{DeployFiles.Chart}/values.yaml");

    [Fact]
    public void Chart_IsOfTheVersionThatIsBuilt()
    {
        JsonObject chart = DeployFiles.Document($"{DeployFiles.Chart}/Chart.yaml");
        Assert.Equal(Product.Version, (string?)chart["appVersion"]);
        Assert.Equal("v2", (string?)chart["apiVersion"]);
        Assert.Equal("redisproxy", (string?)chart["name"]);
    }

    [Fact]
    public void Values_FollowTheirSchema() => Schemas.AssertValid(Schemas.ChartValues, Values);

    [Theory]
    [InlineData("replicas: 3")]
    [InlineData("replicaCount: 0")]
    [InlineData("sentinels: [redis-sentinel]")]
    [InlineData("service: { type: Public }")]
    [InlineData("logLevel: loud")]
    [InlineData("settings: { hodl: {} }")]
    [InlineData("ports: { redis: 70000 }")]
    [InlineData("settings: { hold: { timout: 2s } }")]
    [InlineData("settings: { hold: { timeout: soon } }")]
    [InlineData("extraListeners: [ { name: reads } ]")]
    [InlineData("extraListeners: [ { name: Reads_Only, port: 1 } ]")]
    [InlineData("extraListeners: [ { name: reads, port: 1, settings: { rôle: replica } } ]")]
    public void Schema_RefusesWrongValues(string yaml) => Assert.NotEmpty(Schemas.Violations(Schemas.ChartValues, With(yaml)));

    /// <summary>Whatever proxy.json may have, settings may have.</summary>
    [Theory]
    [InlineData("settings: { notify: [ { name: ops, webhook: { urlFile: /run/secrets/redisproxy/hook } } ] }")]
    [InlineData("settings: { otlp: { endpoint: 'http://collector:4318' }, audit: { interval: 5m }, roles: { dryRun: true } }")]
    [InlineData("settings: { sentinelFacade: { bind: '0.0.0.0:26379' }, hold: { timeout: 2s } }")]
    [InlineData("extraListeners: [ { name: reads, port: 6381, settings: { role: replica } } ]")]
    [InlineData("extraVolumes: [ { name: more, secret: { secretName: more } } ]")]
    public void Schema_TakesEveryPartOfTheConfiguration(string yaml) => Schemas.AssertValid(Schemas.ChartValues, With(yaml));

    [Fact]
    public void Templates_UseEveryValueAndNoOther()
    {
        string templates = string.Concat(
            Directory.EnumerateFiles(DeployFiles.PathOf($"{DeployFiles.Chart}/templates"), "*", SearchOption.AllDirectories)
                .Select(File.ReadAllText));
        string[] used = [.. UsedValue().Matches(templates).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(PathsOf(Values, used).Order(StringComparer.Ordinal), used);
    }

    private static JsonObject With(string yaml)
    {
        var values = (JsonObject)Values.DeepClone();
        foreach ((string key, JsonNode? value) in Assert.Single(YamlText.Documents(yaml)))
        {
            values[key] = value?.DeepClone();
        }

        return values;
    }

    [GeneratedRegex(@"\.Values\.([A-Za-z.]*[A-Za-z])")]
    private static partial Regex UsedValue();

    /// <summary>As deep as templates go: a section that is used as a whole counts as one value.</summary>
    private static IEnumerable<string> PathsOf(JsonObject values, string[] used, string prefix = "")
    {
        foreach ((string key, JsonNode? value) in values)
        {
            string path = prefix + key;
            bool isSection = value is JsonObject { Count: > 0 } && !used.Contains(path);
            foreach (string inner in isSection ? PathsOf((JsonObject)value!, used, $"{path}.") : [path])
            {
                yield return inner;
            }
        }
    }
}
