namespace RedisProxy.Testing;

/// <summary>
/// A real redis-sentinel, on loopback unless configured otherwise, in a folder of its own. Its port and its state survive a restart.
/// </summary>
public sealed class SentinelServer : IAsyncDisposable
{
    /// <summary>Client name of the harness's own connections, for tests that count connections.</summary>
    public const string HarnessClientName = "test-harness";

    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(15);

    private readonly TemporaryFolder _folder;
    private readonly string? _password;
    private readonly string _program;
    private readonly ProcessHost _host;
    private readonly IssuedCertificate? _tls;
    private ChildProcess? _process;
    private SentinelTimings _timings = SentinelTimings.Default;

    private SentinelServer(
        string name, string program, IEnumerable<string> lines, string? password, ProcessHost host, IssuedCertificate? tls)
    {
        Name = name;
        _program = program;
        _host = host;
        _password = password;
        _tls = tls;
        _folder = new TemporaryFolder(name);
        Port = FreePorts.Take();
        string[] own = [$"bind {Address}", $"dir {_folder.Path}", .. tls?.ConfigurationLines(Port) ?? [$"port {Port}"]];
        string[] secret = password is null ? [] : [$"requirepass {password}"];
        File.WriteAllLines(_folder.File("sentinel.conf"), [.. own, .. secret, .. lines]);
    }

    public string Name { get; }

    /// <summary>Unless another host is given.</summary>
    public const string Host = "127.0.0.1";

    public string Address => _host.Address;

    public int Port { get; }

    /// <summary>In the format of <c>proxy.json</c>.</summary>
    public string Endpoint => $"{Address}:{Port}";

    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    public bool IsRunning => !Process.HasExited;

    /// <param name="name">For messages.</param>
    /// <param name="program">redis-sentinel, or another program.</param>
    /// <param name="lines">Of <c>sentinel.conf</c>; address and folder are added.</param>
    /// <param name="password">Of the Sentinel itself.</param>
    /// <param name="host">Null: loopback.</param>
    /// <param name="tls">Null: plain text. Otherwise TLS only, including towards servers and other Sentinels.</param>
    public static async Task<SentinelServer> StartAsync(
        string name, string program, IEnumerable<string> lines, string? password = null, ProcessHost? host = null,
        IssuedCertificate? tls = null)
    {
        var server = new SentinelServer(name, program, lines, password, host ?? ProcessHost.Local, tls);
        try
        {
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A new connection, authenticated and named <see cref="HarnessClientName"/>.</summary>
    public async Task<RawClient> ConnectAsync()
    {
        RawClient client = _tls is null
            ? await RawClient.ConnectAsync(Address, Port)
            : await RawClient.ConnectTlsAsync(Address, Port, _tls.AuthorityFile, Address, _tls);
        if (_password is { } password)
        {
            RedisServer.Expect(await client.CallAsync("AUTH", password), "AUTH");
        }

        RedisServer.Expect(await client.CallAsync("CLIENT", "SETNAME", HarnessClientName), "CLIENT SETNAME");
        return client;
    }

    /// <summary>One command on a connection of its own.</summary>
    public async Task<RawReply> CallAsync(params string[] words)
    {
        using RawClient client = await ConnectAsync();
        return await client.CallAsync(words);
    }

    /// <summary>Port of the master according to this Sentinel; null if it does not answer within <paramref name="within"/>.</summary>
    public async Task<int?> MasterPortAsync(string master, TimeSpan within)
    {
        try
        {
            // A frozen Sentinel still accepts: the kernel does.
            RawReply reply = await CallAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master).WaitAsync(within, TimeProvider.System);
            return reply.Items.Count == 2 ? (int)reply.Items[1].Number : null;
        }
        catch (Exception e) when (e is TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }

    /// <summary>Reapplied after each restart, since a Sentinel does not keep them.</summary>
    public async Task SetTimingsAsync(SentinelTimings timings)
    {
        RedisServer.Expect(await CallAsync(timings.DebugCommand()), "SENTINEL DEBUG");
        _timings = timings;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync(EndWithin);
    }

    public void Freeze() => Process.Freeze();

    public void Thaw() => Process.Thaw();

    /// <summary>Starts it again at the same address with its previous state; ends it first if it runs.</summary>
    public async Task RestartAsync()
    {
        await Process.DisposeAsync();
        await LaunchAsync();
        await SetTimingsAsync(_timings);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    public override string ToString() => $"{Name} at {Endpoint}";

    private async Task LaunchAsync()
    {
        _process = await _host.StartAsync(Name, _program, [_folder.File("sentinel.conf")], _folder.File("log"));
        try
        {
            await Eventually.Within(StartWithin, async () => (await CallAsync("PING")).Text == "PONG", $"{this} answers PING");
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{e.Message} Its last lines:\n{Process.LogTail}", e);
        }
    }
}
