using System.Text.Json.Nodes;

using RedisProxy.Configuration;
using RedisProxy.Tests.CommandLine;

namespace RedisProxy.Tests.Deploy;

/// <summary>The Kubernetes manifests: by the API's types, by each other, and by what the program offers.</summary>
public sealed class KubernetesTests
{
    public static TheoryData<string> Folders => [DeployFiles.Central, DeployFiles.Sidecar];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Manifests_AreOfTheApi(string folder)
    {
        string[] files = Directory.GetFiles(DeployFiles.PathOf(folder), "*.yaml");
        Assert.NotEmpty(files);
        Assert.All(files, file => KubernetesTypes.AssertKnown(File.ReadAllText(file)));
    }

    [Theory]
    [InlineData("kind: Deployment\napiVersion: apps/v1\nspec: { replica: 3 }")]
    [InlineData("kind: Deployment\napiVersion: apps/v1\nspec: { replicas: many }")]
    [InlineData("kind: Service\napiVersion: v1\nspec: { ports: [ { prot: 1 } ] }")]
    [InlineData("kind: Deploiment\napiVersion: apps/v1")]
    public void Types_FindMistakes(string manifest) => Assert.ThrowsAny<Exception>(() => KubernetesTypes.AssertKnown(manifest));

    [Theory]
    [MemberData(nameof(Folders))]
    public void Kustomization_NamesWhatIsThereAndTheVersion(string folder)
    {
        JsonObject kustomization = DeployFiles.Document($"{folder}/kustomization.yaml");
        string[] files =
        [
            .. Product.Words(kustomization["resources"]), .. Product.Words(kustomization["configMapGenerator"]![0]!["files"]),
        ];
        Assert.All(files, file => Assert.True(File.Exists(DeployFiles.PathOf($"{folder}/{file}")), file));
        JsonNode image = Assert.Single(kustomization["images"]!.AsArray())!;
        Assert.Equal(("redisproxy", Product.Version), ((string?)image["name"], (string?)image["newTag"]));
        string? configMap = (string?)kustomization["configMapGenerator"]![0]!["name"];
        IEnumerable<JsonNode?> volumes = PodOf(folder)["volumes"]!.AsArray();
        Assert.Contains(volumes, volume => (string?)volume!["configMap"]?["name"] == configMap);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Proxy_IsStartedAsItUnderstands(string folder)
    {
        JsonNode container = ProxyOf(folder);
        CommandLineRun run = await Product.RunAsync(Product.Words(container["args"]), DeployFiles.Read($"{folder}/proxy.json"));
        Assert.Equal(("run", ""), (run.Called, run.Error));
        string? mounted = Path.GetDirectoryName(Product.ConfigurationFile);
        Assert.Contains(container["volumeMounts"]!.AsArray(), mount => (string?)mount!["mountPath"] == mounted);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Probes_AskPathsThatThereAre(string folder)
    {
        JsonNode container = ProxyOf(folder);
        string[] names = ["startupProbe", "livenessProbe", "readinessProbe"];
        JsonNode[] probes = [.. names.Select(name => container[name]).OfType<JsonNode>()];
        Assert.NotEmpty(probes);
        Assert.All(probes, probe => Assert.Contains((string?)probe["httpGet"]!["path"], Product.AdminPaths()));
        Assert.All(probes, probe => Assert.Equal("admin", (string?)probe["httpGet"]!["port"]));
        Assert.Equal("/healthz/live", (string?)container["livenessProbe"]!["httpGet"]!["path"]);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ports_AreThoseOfTheConfiguration(string folder)
    {
        ProxyOptions options = Options(folder);
        Dictionary<string, int> ports = ProxyOf(folder)["ports"]!.AsArray()
            .ToDictionary(port => (string)port!["name"]!, port => (int)port!["containerPort"]!);
        Assert.Equal(options.Admin.Bind!.Tcp!.Port, ports["admin"]);
        if (folder == DeployFiles.Central)
        {
            Assert.Equal(Product.ListenerPort(options), ports["redis"]);
            return;
        }

        // Nobody but the pod itself may come to the sidecar.
        Assert.Equal(["admin"], ports.Keys);
        string[] application = Product.Words(PodOf(folder)["containers"]![0]!["command"]);
        Assert.Equal($"127.0.0.1:{application[Array.IndexOf(application, "-p") + 1]}", options.Listeners[0].Bind.ToString());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void GracePeriod_IsLongEnough(string folder) => Assert.InRange(
        (double)PodOf(folder)["terminationGracePeriodSeconds"]!, Product.TimeToStop(Options(folder)).TotalSeconds, double.MaxValue);

    [Theory]
    [MemberData(nameof(Folders))]
    public void Pod_CanDoNoMoreThanItMust(string folder) => AssertRestricted(PodOf(folder));

    [Fact]
    public void Sidecar_IsANativeOne()
    {
        Assert.Equal("Always", (string?)ProxyOf(DeployFiles.Sidecar)["restartPolicy"]);

        // The application waits for it.
        Assert.NotNull(ProxyOf(DeployFiles.Sidecar)["startupProbe"]);
    }

    [Fact]
    public void Central_IsSpreadAndProtected()
    {
        JsonNode pod = PodOf(DeployFiles.Central);
        string[] keys = [.. pod["topologySpreadConstraints"]!.AsArray().Select(spread => (string)spread!["topologyKey"]!)];
        Assert.Equal(["kubernetes.io/hostname", "topology.kubernetes.io/zone"], keys);
        Assert.Equal(1, (int)DeployFiles.Manifest(DeployFiles.Central, "PodDisruptionBudget")["spec"]!["maxUnavailable"]!);
        Assert.InRange((int)DeployFiles.Manifest(DeployFiles.Central, "Deployment")["spec"]!["replicas"]!, 2, 100);
    }

    [Fact]
    public void Selectors_FindThePods() => AssertSelectorsFit([.. DeployFiles.Manifests(DeployFiles.Central)]);

    [Fact]
    public void Annotations_SayWhereTheMetricsAre()
    {
        JsonNode annotations = DeployFiles.Manifest(DeployFiles.Central, "Deployment")["spec"]!["template"]!["metadata"]!["annotations"]!;
        Assert.Contains((string?)annotations["prometheus.io/path"], Product.AdminPaths());
        Assert.Equal($"{Options(DeployFiles.Central).Admin.Bind!.Tcp!.Port}", (string?)annotations["prometheus.io/port"]);
        JsonNode monitor = DeployFiles.Manifest(DeployFiles.Central, "ServiceMonitor")["spec"]!["endpoints"]![0]!;
        Assert.Contains((string?)monitor["path"], Product.AdminPaths());
    }

    internal static void AssertRestricted(JsonNode pod)
    {
        Assert.False((bool)pod["automountServiceAccountToken"]!);
        Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
        Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
        IEnumerable<JsonNode?> containers = pod["containers"]!.AsArray().Concat(pod["initContainers"]?.AsArray() ?? []);
        Assert.All(containers, container =>
        {
            JsonNode context = container!["securityContext"]!;
            Assert.False((bool)context["allowPrivilegeEscalation"]!);
            Assert.True((bool)context["readOnlyRootFilesystem"]!);
            Assert.Equal(["ALL"], Product.Words(context["capabilities"]!["drop"]));
        });
    }

    /// <summary>Services, budgets and policies select the deployment's pods, a monitor selects a service, and named ports exist.</summary>
    internal static void AssertSelectorsFit(IReadOnlyList<JsonObject> manifests)
    {
        JsonNode template = manifests.Single(manifest => (string?)manifest["kind"] == "Deployment")["spec"]!["template"]!;
        JsonObject labels = template["metadata"]!["labels"]!.AsObject();
        string?[] ports = [.. template["spec"]!["containers"]![0]!["ports"]!.AsArray().Select(port => (string?)port!["name"])];
        JsonObject[] services = [.. manifests.Where(manifest => (string?)manifest["kind"] == "Service")];
        Assert.All(services, service => AssertSubset(service["spec"]!["selector"]!.AsObject(), labels));
        Assert.All(services, service => Assert.Contains((string?)service["spec"]!["ports"]![0]!["targetPort"], ports));
        foreach (JsonObject manifest in manifests)
        {
            JsonNode? selector = (string?)manifest["kind"] switch
            {
                "PodDisruptionBudget" or "Deployment" => manifest["spec"]!["selector"],
                "NetworkPolicy" => manifest["spec"]!["podSelector"],
                _ => null,
            };
            AssertSubset(selector?["matchLabels"]?.AsObject() ?? [], labels);
            if ((string?)manifest["kind"] == "ServiceMonitor")
            {
                JsonObject wanted = manifest["spec"]!["selector"]!["matchLabels"]!.AsObject();
                JsonObject service = Assert.Single(services, service => IsSubset(wanted, service["metadata"]!["labels"]!.AsObject()));
                Assert.Equal(
                    (string?)service["spec"]!["ports"]![0]!["name"], (string?)manifest["spec"]!["endpoints"]![0]!["port"]);
                Assert.Equal("redisproxy", (string?)service["metadata"]!["labels"]![(string)manifest["spec"]!["jobLabel"]!]);
            }
        }
    }

    private static void AssertSubset(JsonObject wanted, JsonObject labels) =>
        Assert.True(IsSubset(wanted, labels), $"{wanted.ToJsonString()} does not select {labels.ToJsonString()}");

    private static bool IsSubset(JsonObject wanted, JsonObject labels) =>
        wanted.All(label => JsonNode.DeepEquals(label.Value, labels[label.Key]));

    private static ProxyOptions Options(string folder) => Product.Configuration(DeployFiles.Read($"{folder}/proxy.json"));

    private static JsonNode PodOf(string folder) => DeployFiles.Manifest(folder, "Deployment")["spec"]!["template"]!["spec"]!;

    private static JsonNode ProxyOf(string folder)
    {
        JsonNode pod = PodOf(folder);
        return pod["containers"]!.AsArray().Concat(pod["initContainers"]?.AsArray() ?? [])
            .Single(container => (string?)container!["name"] == "redisproxy")!;
    }
}
