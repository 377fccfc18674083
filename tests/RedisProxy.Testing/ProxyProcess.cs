using System.Net;

namespace RedisProxy.Testing;

/// <summary>
/// The proxy as users run it: its program (<see cref="ProxyProgram"/>) with a <c>proxy.json</c>. Ready when returned: every listener
/// accepts, and it reports that it is alive. Disposing it requires an orderly end.
/// </summary>
public sealed class ProxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder;
    private readonly ProxyConfigurationFile _configuration;
    private readonly ProxyProcessOptions _options;
    private readonly HttpClient _http;
    private bool _killed;

    private ProxyProcess(
        ChildProcess process, TemporaryFolder folder, ProxyConfigurationFile configuration, ProxyProcessOptions options)
    {
        Process = process;
        _folder = folder;
        _configuration = configuration;
        _options = options;
        Address = options.Host.Address;
        var admin = new Uri($"http://{Address}:{configuration.AdminPort}/");
        _http = new HttpClient { BaseAddress = admin, Timeout = TimeSpan.FromSeconds(10) };
    }

    public ChildProcess Process { get; }

    /// <summary>Required when it is disposed.</summary>
    public int ExpectedExitCode { get; set; }

    /// <summary>Address of the admin surface, and of listeners whose port the harness chose.</summary>
    public string Address { get; }

    /// <summary>Port of the first listener.</summary>
    public int Port => Ports[0];

    /// <summary>In the order of the listeners.</summary>
    public IReadOnlyList<int> Ports => _configuration.ListenerPorts;

    public int AdminPort => _configuration.AdminPort;

    /// <summary>Client of the admin surface.</summary>
    public HttpClient Http => _http;

    /// <summary>Content of its <c>proxy.json</c> at startup.</summary>
    public string Configuration => _configuration.Text;

    /// <summary>Path of its <c>proxy.json</c>.</summary>
    public string ConfigurationPath => _folder.File("proxy.json");

    public static Task<ProxyProcess> StartAsync(ProxyProcessOptions options) => StartAsync(options, new ProxyConfigurationFile(options));

    /// <summary>Starts another proxy with the same configuration beside this one. Ready when its log reports that it is up.</summary>
    public async Task<ProxyProcess> StartSuccessorAsync(params string[] arguments)
    {
        ProxyProcessOptions options = _options with { Arguments = [.. _options.Arguments, .. arguments] };
        (ChildProcess process, TemporaryFolder folder) = await LaunchAsync(options, _configuration);
        var successor = new ProxyProcess(process, folder, _configuration, options);
        await Eventually.Within(
            options.StartWithin, () => process.LogTail.Contains(" is up, ", StringComparison.Ordinal), "the successor is up");
        return successor;
    }

    private static async Task<ProxyProcess> StartAsync(ProxyProcessOptions options, ProxyConfigurationFile configuration)
    {
        (ChildProcess process, TemporaryFolder folder) = await LaunchAsync(options, configuration);
        var proxy = new ProxyProcess(process, folder, configuration, options);
        try
        {
            await Eventually.Within(options.StartWithin, proxy.IsUpAsync, "the proxy accepts clients and is alive, or has ended");
            return !process.HasExited
                ? proxy
                : throw new InvalidOperationException($"The proxy ended with exit code {await process.Exited} at once.");
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            await proxy.KillAsync();
            await proxy.DisposeAsync();
            throw new InvalidOperationException(
                $"{e.Message} Its last lines:\n{process.LogTail}\nIts configuration:\n{configuration.Text}", e);
        }
    }

    /// <summary>For configurations that it must refuse: starts it and waits for its exit.</summary>
    public static async Task<(int ExitCode, string Output)> RunToExitAsync(ProxyProcessOptions options)
    {
        (ChildProcess process, TemporaryFolder folder) = await LaunchAsync(options, new ProxyConfigurationFile(options));
        using (folder)
        {
            await using (process)
            {
                int exitCode = await process.WaitForExitAsync(EndWithin);
                return (exitCode, process.LogTail);
            }
        }
    }

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Address, Port);

    /// <summary><c>GET /metrics</c>.</summary>
    public async Task<MetricsSnapshot> ScrapeAsync() =>
        MetricsSnapshot.Parse(await _http.GetStringAsync(new Uri("metrics", UriKind.Relative)));

    /// <summary>SIGTERM, unless already sent: a second one has another meaning. Waits for the end and returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Process.Thaw();
        if (!Process.IsTerminating)
        {
            Process.Terminate();
        }

        return await Process.WaitForExitAsync(EndWithin);
    }

    /// <summary>SIGKILL; disposing it then requires nothing.</summary>
    public async Task KillAsync()
    {
        _killed = true;
        Process.Kill();
        await Process.WaitForExitAsync(EndWithin);
    }

    /// <summary>Stops it in an orderly way; kills it if it does not stop.</summary>
    /// <exception cref="InvalidOperationException">It ended with an unexpected exit code, or did not end.</exception>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_killed && await StopAsync() is var code && code != ExpectedExitCode)
            {
                throw new InvalidOperationException($"The proxy ended with exit code {code}. Its last lines:\n{Process.LogTail}");
            }
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"The proxy did not end on SIGTERM. {e.Message}", e);
        }
        finally
        {
            _http.Dispose();
            await Process.DisposeAsync();
            _folder.Dispose();
        }
    }

    private static async Task<(ChildProcess Process, TemporaryFolder Folder)> LaunchAsync(
        ProxyProcessOptions options, ProxyConfigurationFile configuration)
    {
        Dictionary<string, string?> environment = ProxyProgram.CleanEnvironment();
        foreach ((string name, string? value) in options.Environment)
        {
            environment[name] = value;
        }

        var folder = new TemporaryFolder("proxy");
        try
        {
            string file = folder.File("proxy.json");
            await File.WriteAllTextAsync(file, configuration.Text);
            (string program, string[] arguments) =
                ProxyProgram.Command(options.Program ?? ProxyProgram.Find(), ["--config", file, .. options.Arguments]);
            return (await options.Host.StartAsync("proxy", program, arguments, folder.File("log"), environment), folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private async Task<bool> IsUpAsync()
    {
        if (Process.HasExited)
        {
            return true;
        }

        using HttpResponseMessage live = await _http.GetAsync(new Uri("healthz/live", UriKind.Relative));
        if (live.StatusCode != HttpStatusCode.OK)
        {
            return false;
        }

        foreach (int port in Ports)
        {
            using RawClient client = await RawClient.ConnectAsync(Address, port);
        }

        return true;
    }
}
