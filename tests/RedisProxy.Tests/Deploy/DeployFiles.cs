using System.Text.Json.Nodes;

using RedisProxy.Tests.House;

namespace RedisProxy.Tests.Deploy;

/// <summary>What people deploy the proxy with, by its path in the repository.</summary>
internal static class DeployFiles
{
    public const string Compose = "deploy/compose/compose.yaml";
    public const string Central = "deploy/kubernetes/central";
    public const string Sidecar = "deploy/kubernetes/sidecar";
    public const string DebianConfiguration = "deploy/debian/proxy.json";
    public const string Chart = "deploy/helm/redisproxy";

    /// <summary>Every <c>proxy.json</c> of a deployment in containers.</summary>
    public static IEnumerable<string> Configurations => Find("proxy.json").Where(file => file != DebianConfiguration);

    /// <summary>Not the chart's templates: those are YAML only once they are rendered.</summary>
    public static IEnumerable<string> Yaml =>
        Find("*.yaml").Concat(Find("*.yml")).Where(file => !file.StartsWith($"{Chart}/templates/", StringComparison.Ordinal));

    public static string PathOf(string file) => Path.Combine(SourceTree.Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));

    public static IEnumerable<string> ReadLines(string file) => File.ReadLines(PathOf(file));

    /// <summary>The only document of a file.</summary>
    public static JsonObject Document(string file) => Assert.Single(YamlText.Documents(Read(file)));

    /// <summary>Of that kind, in any file of the folder.</summary>
    public static JsonObject Manifest(string folder, string kind) =>
        Manifests(folder).First(document => (string?)document["kind"] == kind);

    public static IEnumerable<JsonObject> Manifests(string folder) => Directory.EnumerateFiles(PathOf(folder), "*.yaml")
        .Order(StringComparer.Ordinal)
        .SelectMany(file => YamlText.Documents(File.ReadAllText(file)));

    private static IEnumerable<string> Find(string pattern) =>
        Directory.EnumerateFiles(PathOf("deploy"), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))
            .Order(StringComparer.Ordinal);
}
