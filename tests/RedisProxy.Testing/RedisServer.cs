using System.Globalization;

namespace RedisProxy.Testing;

/// <summary>
/// A real redis-server, on loopback unless configured otherwise, in a folder of its own. It keeps its port and its configuration file,
/// which Sentinel also writes to, through every restart. One user at a time.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(15);

    private readonly TemporaryFolder _folder;
    private readonly RedisServerOptions _options;
    private readonly string _dataFolder;
    private ChildProcess? _process;

    private RedisServer(string name, RedisServerOptions options)
    {
        Name = name;
        _options = options;
        _folder = new TemporaryFolder(name);
        _dataFolder = _folder.Folder("data");
        Port = options.Port ?? FreePorts.Take();
        File.WriteAllLines(_folder.File("redis.conf"), ConfigurationLines());
    }

    public string Name { get; }

    /// <summary>Unless the options specify another host.</summary>
    public const string Host = "127.0.0.1";

    public string Address => _options.Host.Address;

    public int Port { get; }

    /// <summary>In the format of Sentinel and <c>proxy.json</c>.</summary>
    public string Endpoint => $"{Address}:{Port}";

    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    public bool IsRunning => !Process.HasExited;

    public static async Task<RedisServer> StartAsync(RedisServerOptions? options = null, string name = "redis")
    {
        var server = new RedisServer(name, options ?? new RedisServerOptions());
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

    /// <summary>A new connection, already authenticated.</summary>
    public async Task<RawClient> ConnectAsync()
    {
        RawClient client = _options.Tls is { } tls
            ? await RawClient.ConnectTlsAsync(Address, Port, tls.AuthorityFile, Address, tls)
            : await RawClient.ConnectAsync(Address, Port);
        if (_options.Password is { } password)
        {
            Expect(await client.CallAsync("AUTH", password), "AUTH");
        }

        return client;
    }

    /// <summary>One command on a connection of its own.</summary>
    public async Task<RawReply> CallAsync(params string[] words)
    {
        using RawClient client = await ConnectAsync();
        return await client.CallAsync(words);
    }

    /// <summary>A section of INFO, by field name.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section)
    {
        RawReply reply = Expect(await CallAsync("INFO", section), "INFO");
        return (reply.Text ?? "").Split("\r\n")
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }

    /// <summary><c>master</c> or <c>slave</c>, the first element of ROLE.</summary>
    public async Task<string> RoleAsync() => Expect(await CallAsync("ROLE"), "ROLE").Items[0].Text ?? "";

    /// <summary>SIGKILL, as if the process crashed but not the machine: connections are reset, new ones refused.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync(EndWithin);
    }

    /// <summary>SIGTERM: redis shuts down and closes its connections.</summary>
    public async Task TerminateAsync()
    {
        Process.Terminate();
        await Process.WaitForExitAsync(EndWithin);
    }

    /// <summary>SIGSTOP: it neither accepts nor replies, and no peer notices.</summary>
    public void Freeze() => Process.Freeze();

    public void Thaw() => Process.Thaw();

    /// <summary>
    /// Starts it again at the same address; stops it first if it runs. A replica stays one, and a master that was replaced meanwhile
    /// comes back as a master, until Sentinel demotes it.
    /// </summary>
    /// <param name="keepData">True: it keeps what its append-only file or an orderly stop has saved. False: it comes back empty.</param>
    public async Task RestartAsync(bool keepData)
    {
        if (IsRunning)
        {
            if (keepData && !_options.AppendOnly)
            {
                Expect(await CallAsync("SAVE"), "SAVE");
            }

            await TerminateAsync();
        }

        await Process.DisposeAsync();
        if (!keepData)
        {
            Directory.Delete(_dataFolder, recursive: true);
            Directory.CreateDirectory(_dataFolder);
        }

        await LaunchAsync();
    }

    /// <summary>From its next start on; as the scripts of Helm charts do before a pod's server starts.</summary>
    public void ReplicateFrom(RedisServer master) => File.AppendAllText(
        _folder.File("redis.conf"), string.Create(CultureInfo.InvariantCulture, $"\nreplicaof {master.Address} {master.Port}\n"));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    public override string ToString() => $"{Name} at {Endpoint}";

    internal static RawReply Expect(RawReply reply, string what) =>
        reply.IsError ? throw new InvalidOperationException($"{what}: {reply.Text}") : reply;

    private async Task LaunchAsync()
    {
        _process = await _options.Host.StartAsync(Name, _options.Program, [_folder.File("redis.conf")], _folder.File("log"));
        try
        {
            await Eventually.Within(StartWithin, AnswersAsync, $"{this} answers PING");
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"{e.Message} Its last lines:\n{Process.LogTail}", e);
        }
    }

    private async Task<bool> AnswersAsync()
    {
        RawReply reply = await CallAsync("PING");
        // A replica may be configured to answer MASTERDOWN before it is in sync: it is running.
        return reply.Text == "PONG" || reply.ErrorCode == "MASTERDOWN";
    }

    private IEnumerable<string> ConfigurationLines()
    {
        yield return $"bind {Address}";
        // Clients from other addresses of this machine have no password either.
        yield return "protected-mode no";
        if (_options.Tls is null)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"port {Port}");
        }

        yield return $"dir {_dataFolder}";
        yield return "save \"\"";
        yield return $"appendonly {(_options.AppendOnly ? "yes" : "no")}";
        if (_options.AppendOnly)
        {
            // With everysec, writes are acknowledged while a slow fsync delays the file by up to 2 s, and a kill loses them.
            yield return "appendfsync no";
        }

        // Replicas are in sync at once, instead of 5 s later.
        yield return "repl-diskless-sync yes";
        yield return "repl-diskless-sync-delay 0";
        // For DEBUG SLEEP and the like.
        yield return "enable-debug-command yes";
        if (_options.Password is { } password)
        {
            yield return $"requirepass {password}";
            yield return $"masterauth {password}";
        }

        if (_options.ReplicaOfPort is { } master)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"replicaof {_options.ReplicaOfAddress} {master}");
        }

        foreach (string line in _options.Tls?.ConfigurationLines(Port) ?? [])
        {
            yield return line;
        }

        foreach (string line in _options.Lines)
        {
            yield return line;
        }
    }
}
