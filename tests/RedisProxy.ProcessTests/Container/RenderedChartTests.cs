using System.Text.Json.Nodes;

using RedisProxy.Configuration;
using RedisProxy.Hosting;
using RedisProxy.Testing;
using RedisProxy.Tests.CommandLine;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The Helm chart, rendered by what Helm renders with (Go's templates and sprig, see <c>tests/helm/render.go</c>), then checked like any
/// other manifest. Helm itself is not in Debian.
/// </summary>
[Trait("Tier", "Container")]
public sealed class RenderedChartTests : IDisposable
{
    private const string Sentinels = "sentinels: [\"s1:26379\", \"s2:26379\", \"s3:26379\"]\n";

    private const string Everything = Sentinels + """
        replicaCount: 2
        image: { repository: registry.example/redisproxy, tag: 9.9.9, pullPolicy: Always }
        imagePullSecrets: [ { name: pull } ]
        master: other
        settings: { hold: { timeout: 2s }, admin: { token: s3cret }, sentinel: { pollInterval: 2s } }
        existingSecret: passwords
        shutdown: { minDelaySeconds: 1, drainTimeoutSeconds: 3 }
        logLevel: debug
        service: { type: NodePort, port: 7000, annotations: { a: b } }
        ports: { redis: 7001, admin: 7002 }
        networkPolicy:
          enabled: true
          redis: [ { ipBlock: { cidr: 10.0.0.0/8 } } ]
          extraEgress: [ { to: [ { ipBlock: { cidr: 10.1.0.0/16 } } ], ports: [ { port: 4318 } ] } ]
          extraIngress: [ { from: [ { ipBlock: { cidr: 10.2.0.0/16 } } ] } ]
        extraListeners:
          - { name: reads, port: 7003, servicePort: 7010, settings: { role: replica, maxLagBytes: 1MiB } }
          - { name: third, port: 7004 }
        extraPorts: [ { name: sentinel, port: 26379 } ]
        extraVolumes: [ { name: more, secret: { secretName: more } } ]
        extraVolumeMounts: [ { name: more, mountPath: /run/secrets/more, readOnly: true } ]
        extraEnv: [ { name: REDISPROXY_hold__maxOutage, value: 20s } ]
        extraEnvFrom: [ { secretRef: { name: variables, optional: true } } ]
        fixedUser: false
        serviceMonitor: { enabled: true, labels: { release: prometheus } }
        podAnnotations: { note: "1" }
        podLabels: { team: "2" }
        nodeSelector: { disk: ssd }
        tolerations: [ { key: only, operator: Exists } ]
        affinity: { nodeAffinity: {} }
        priorityClassName: high

        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new("chart");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Sentinels, "Deployment Pod PodDisruptionBudget Service ServiceAccount ConfigMap")]
    [InlineData(Sentinels + "replicaCount: 1\n", "Deployment Pod Service ServiceAccount ConfigMap")]
    [InlineData(Everything, "Deployment NetworkPolicy Pod PodDisruptionBudget Service ServiceAccount ServiceMonitor ConfigMap")]
    public async Task Chart_Rendered_IsOfTheApi(string values, string kinds)
    {
        string rendered = await RenderAsync(values);
        KubernetesTypes.AssertKnown(rendered);
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(rendered);
        Assert.Equal(kinds.Split(' ').Order(), manifests.Select(manifest => (string?)manifest["kind"]).Distinct().Order());
        KubernetesTests.AssertSelectorsFit(manifests);
        Assert.All(PodsOf(manifests), KubernetesTests.AssertRestricted);
    }

    [Theory]
    [InlineData(Sentinels, "0.0.0.0:6380", "0.0.0.0:9180")]
    [InlineData(Everything, "0.0.0.0:7001", "0.0.0.0:7002")]
    public async Task Chart_Rendered_StartsAProxyThatUnderstandsIt(string values, string listener, string admin)
    {
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(await RenderAsync(values));
        string json = (string)Of(manifests, "ConfigMap")["data"]!["proxy.json"]!;
        ProxyOptions options = Product.Configuration(json);
        Assert.Equal((listener, admin), (options.Listeners[0].Bind.ToString(), options.Admin.Bind!.ToString()));
        Assert.Equal("s1:26379 s2:26379 s3:26379", string.Join(' ', options.Sentinel!.Endpoints));
        JsonNode pod = Of(manifests, "Deployment")["spec"]!["template"]!["spec"]!;
        JsonNode container = pod["containers"]![0]!;
        Assert.Equal("run", (await Product.RunAsync(Product.Words(container["args"]), json)).Called);
        Assert.InRange((double)pod["terminationGracePeriodSeconds"]!, Product.TimeToStop(options).TotalSeconds, double.MaxValue);
        Assert.Equal(
            options.Listeners.Select(one => one.Bind.Tcp!.Port).Append(options.Admin.Bind.Tcp!.Port).Order(),
            container["ports"]!.AsArray().Where(port => (string?)port!["name"] != "sentinel").Select(port => (int)port!["containerPort"]!)
                .Order());
        Assert.All(
            new[] { "startupProbe", "livenessProbe", "readinessProbe" },
            probe => Assert.Contains((string?)container[probe]!["httpGet"]!["path"], Product.AdminPaths()));
    }

    [Fact]
    public async Task Settings_WinOverWhatTheChartMakes()
    {
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(await RenderAsync(Everything));
        ProxyOptions options = Product.Configuration((string)Of(manifests, "ConfigMap")["data"]!["proxy.json"]!);
        Assert.Equal(TimeSpan.FromSeconds(2), options.Hold.Timeout);
        Assert.Equal(("s3cret", "other"), (options.Admin.Token, options.Listeners[0].Master));
        Assert.Equal(TimeSpan.FromSeconds(2), options.Sentinel!.PollInterval);
        JsonNode container = Of(manifests, "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.Equal("registry.example/redisproxy:9.9.9", (string?)container["image"]);
    }

    [Fact]
    public async Task Extras_AreWhereTheyBelong()
    {
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(await RenderAsync(Everything));
        ProxyOptions options = Product.Configuration((string)Of(manifests, "ConfigMap")["data"]!["proxy.json"]!);
        Assert.Equal(["other", "reads", "third"], options.Listeners.Select(listener => listener.Name));
        Assert.Equal(("other", ListenerRole.Replica), (options.Listeners[1].Master, options.Listeners[1].Role));

        JsonObject service = manifests.Single(manifest => (string?)manifest["metadata"]!["name"] == "demo-redisproxy"
            && (string?)manifest["kind"] == "Service");
        Assert.Equal(
            ["redis 7000", "reads 7010", "third 7004", "sentinel 26379"],
            service["spec"]!["ports"]!.AsArray().Select(port => $"{port!["targetPort"]} {port["port"]}"));
        JsonNode policy = Of(manifests, "NetworkPolicy")["spec"]!;
        Assert.Equal(
            ["redis", "reads", "third", "sentinel"], policy["ingress"]![0]!["ports"]!.AsArray().Select(port => (string?)port!["port"]));
        Assert.Equal("4318", $"{policy["egress"]!.AsArray()[^1]!["ports"]![0]!["port"]}");
        Assert.Equal("10.2.0.0/16", (string?)policy["ingress"]!.AsArray()[^1]!["from"]![0]!["ipBlock"]!["cidr"]);

        JsonNode pod = Of(manifests, "Deployment")["spec"]!["template"]!["spec"]!;
        JsonNode container = pod["containers"]![0]!;
        Assert.Equal(["configuration", "secrets", "more"], pod["volumes"]!.AsArray().Select(volume => (string?)volume!["name"]));
        Assert.Equal("/run/secrets/more", (string?)container["volumeMounts"]!.AsArray()[^1]!["mountPath"]);
        Assert.Equal("20s", (string?)container["env"]![0]!["value"]);
        Assert.Equal("variables", (string?)container["envFrom"]![0]!["secretRef"]!["name"]);
        Assert.All(PodsOf(manifests), one => Assert.Null(one["securityContext"]!["runAsUser"] ?? one["securityContext"]!["fsGroup"]));
        IReadOnlyList<JsonObject> usual = YamlText.Documents(await RenderAsync(Sentinels));
        Assert.All(PodsOf(usual), one => Assert.Equal(1654, (int)one["securityContext"]!["runAsUser"]!));
    }

    [Theory]
    [InlineData("", "HTTP", null)]
    [InlineData("settings: { admin: { tls: { certificateFile: /run/secrets/tls.crt } } }\n", "HTTPS", "https")]
    public async Task Probes_SpeakAsTheAdminSurfaceDoes(string settings, string scheme, string? ofMonitor)
    {
        const string Monitored = "serviceMonitor: { enabled: true, tlsConfig: { insecureSkipVerify: true } }\n";
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(await RenderAsync(Sentinels + Monitored + settings));
        JsonNode container = Of(manifests, "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.All(
            new[] { "startupProbe", "livenessProbe", "readinessProbe" },
            probe => Assert.Equal(scheme, (string?)container[probe]!["httpGet"]!["scheme"]));
        JsonNode endpoint = Of(manifests, "ServiceMonitor")["spec"]!["endpoints"]![0]!;
        Assert.Equal((ofMonitor, true), ((string?)endpoint["scheme"], (bool)endpoint["tlsConfig"]!["insecureSkipVerify"]!));
    }

    [Fact]
    public async Task Test_OfTheChart_IsACommandOfTheProgram()
    {
        IReadOnlyList<JsonObject> manifests = YamlText.Documents(await RenderAsync(Sentinels));
        string[] arguments = Product.Words(Of(manifests, "Pod")["spec"]!["containers"]![0]!["args"]);
        CommandLineRun run = await Product.RunAsync(arguments, "{}");
        Assert.Equal((ExitCode.Ok, "demo-redisproxy-admin:9180 healthz/ready"), (run.ExitCode, run.Asked));
        Assert.Contains(manifests, manifest => (string?)manifest["metadata"]!["name"] == "demo-redisproxy-admin");
    }

    [Fact]
    public async Task Chart_WithoutSentinels_SaysWhatIsMissing()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => RenderAsync("{}\n"));
        Assert.Contains("name at least one Sentinel", error.Message, StringComparison.Ordinal);
    }

    private static JsonObject Of(IEnumerable<JsonObject> manifests, string kind) =>
        manifests.First(manifest => (string?)manifest["kind"] == kind);

    private static IEnumerable<JsonNode> PodsOf(IReadOnlyList<JsonObject> manifests) =>
        [Of(manifests, "Deployment")["spec"]!["template"]!["spec"]!, Of(manifests, "Pod")["spec"]!];

    /// <summary>All manifests, without the notes.</summary>
    private async Task<string> RenderAsync(string values)
    {
        await File.WriteAllTextAsync(_folder.File("values.yaml"), values);
        var lines = new List<string>();
        string[] arguments =
            ["run", DeployFiles.PathOf("tests/helm/render.go"), DeployFiles.PathOf(DeployFiles.Chart), "demo", _folder.File("values.yaml")];

        // Debian's Go libraries are where Go looked for them before it had modules.
        var environment = new Dictionary<string, string?> { ["GO111MODULE"] = "off", ["GOPATH"] = "/usr/share/gocode" };
        await using ChildProcess go = await ChildProcess.StartAsync("go", "go", arguments, _folder.File("log"), environment, lines.Add);
        int exitCode = await go.WaitForExitAsync(Patience);
        if (exitCode != 0)
        {
            throw new InvalidOperationException(go.LogTail);
        }

        ILookup<bool, string> isNotes = string.Join('\n', lines)
            .Split("---\n# Source: ", StringSplitOptions.RemoveEmptyEntries)
            .ToLookup(document => document.StartsWith("NOTES.txt\n", StringComparison.Ordinal));
        string notes = Assert.Single(isNotes[true]);
        Assert.Contains("kubectl exec deploy/demo-redisproxy -- /app/RedisProxy status", notes, StringComparison.Ordinal);
        return string.Join("\n---\n", isNotes[false].Select(document => $"# {document}"));
    }
}
