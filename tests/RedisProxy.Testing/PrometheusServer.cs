using System.Globalization;
using System.Text.Json.Nodes;

namespace RedisProxy.Testing;

/// <summary>Debian's Prometheus on a free loopback port, with a data folder of its own, that scrapes one proxy twice a second.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(20);

    private readonly ChildProcess _process;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _http;

    private PrometheusServer(ChildProcess process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <param name="target">The proxy's admin surface, host:port.</param>
    /// <param name="job">Job name used by the rules.</param>
    /// <param name="rules">Content of a rules file.</param>
    public static async Task<PrometheusServer> StartAsync(string target, string job, string rules)
    {
        var folder = new TemporaryFolder("prometheus");
        await File.WriteAllTextAsync(folder.File("rules.yml"), rules);
        await File.WriteAllTextAsync(folder.File("prometheus.yml"), $$"""
            global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
            rule_files: [ rules.yml ]
            scrape_configs:
              - job_name: {{job}}
                static_configs: [ { targets: [ "{{target}}" ] } ]
            """);
        int port = FreePorts.Take();
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        ChildProcess process = await ChildProcess.StartAsync(
            "prometheus",
            "prometheus",
            [
                $"--config.file={folder.File("prometheus.yml")}",
                $"--storage.tsdb.path={folder.File("data")}",
                $"--web.listen-address={address}",
                "--log.level=warn",
            ],
            folder.File("log"));
        var server = new PrometheusServer(process, folder, port);
        try
        {
            await Eventually.Within(StartWithin, server.IsReadyAsync, "Prometheus is ready, or has ended");
            return !process.HasExited ? server : throw new InvalidOperationException($"Prometheus ended at once:\n{process.LogTail}");
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>An instant query: its series, each with <c>metric</c> and <c>value</c>.</summary>
    /// <exception cref="InvalidOperationException">Prometheus rejects the query; the message has its reason.</exception>
    public async Task<JsonArray> QueryAsync(string query)
    {
        using HttpResponseMessage response =
            await _http.GetAsync(new Uri($"api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative));
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return (string?)answer["status"] == "success"
            ? answer["data"]!["result"]!.AsArray()
            : throw new InvalidOperationException($"{query}: {(string?)answer["error"]}");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
        {
            return true;
        }

        using HttpResponseMessage ready = await _http.GetAsync(new Uri("-/ready", UriKind.Relative));
        return ready.IsSuccessStatusCode;
    }
}
