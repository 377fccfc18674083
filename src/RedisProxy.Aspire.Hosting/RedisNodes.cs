using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>How servers, Sentinels and proxy run, and so which addresses they have.</summary>
internal abstract partial class RedisNodes
{
    /// <summary>Of the servers; null: they ask for none.</summary>
    public ParameterResource? Password { get; set; }

    /// <summary>A server or, with a master name and a quorum, a Sentinel.</summary>
    /// <param name="name">Of the resource.</param>
    /// <param name="master">What it replicates or watches; none for the first server.</param>
    /// <param name="watch">The name and the quorum of a Sentinel.</param>
    public abstract RedisNode Add(string name, RedisNode? master, (string MasterName, int Quorum)? watch);

    /// <summary>Whether a resource is where it can reach them.</summary>
    public abstract bool Reach(IResource resource);

    /// <summary>An endpoint of the proxy; returns the address to listen on.</summary>
    public abstract string Listen<T>(IResourceBuilder<T> proxy, string endpoint, string scheme, int? port)
        where T : IResourceWithEndpoints;

    /// <exception cref="DistributedApplicationException">The password cannot be in these files.</exception>
    public async ValueTask<string?> PasswordAsync(CancellationToken cancellation)
    {
        if (Password is null)
        {
            return null;
        }

        string value = await Password.GetValueAsync(cancellation).ConfigureAwait(false) ?? "";
        return Passwords.IsMatch(value)
            ? value
            : throw new DistributedApplicationException(
                $"The password '{Password.Name}' is empty or has a character that does not survive in Sentinel's file or in a connection "
                + "string: expected visible ASCII characters without comma, quotation marks and backslash.");
    }

    /// <summary>The text of a file, when the resource starts: only then is the password known.</summary>
    protected async Task<string> ConfigurationAsync(
        (string Host, int Port, string Bind) self,
        RedisNode? master,
        (string MasterName, int Quorum)? watch,
        CancellationToken cancellation)
    {
        string text = watch is var (masterName, quorum) && master is not null
            ? RedisNodeConfiguration.OfSentinel(self.Host, self.Port, self.Bind, master, masterName, quorum)
            : RedisNodeConfiguration.OfServer(self.Host, self.Port, self.Bind, master);
        return await PasswordAsync(cancellation).ConfigureAwait(false) is { } password
            ? text + RedisNodeConfiguration.OfPassword(watch?.MasterName, password)
            : text;
    }

    // Sentinel writes its file again without quoting the password, and StackExchange.Redis separates options by commas.
    [GeneratedRegex(@"\A[!-~-[,""'\\]]+\z")]
    private static partial Regex Passwords { get; }
}

/// <summary>Processes of this machine, on loopback. Their files are in a folder of their own, which ends with the application.</summary>
internal sealed class RedisProcesses : RedisNodes
{
    private const string Loopback = "127.0.0.1";

    private readonly IDistributedApplicationBuilder _builder;
    private readonly string _program;
    private readonly string _folder;
    private readonly HashSet<int> _ports = [];

    public RedisProcesses(IDistributedApplicationBuilder builder, string name, string program)
    {
        _builder = builder;
        _program = program;
        _folder = Path.Combine(Path.GetTempPath(), $"aspire-{name}-{Path.GetRandomFileName()}");
        builder.OnBeforeStart((start, _) =>
        {
            start.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(RemoveFolder);
            return Task.CompletedTask;
        });
    }

    public override RedisNode Add(string name, RedisNode? master, (string MasterName, int Quorum)? watch)
    {
        int port = FreePort();
        string folder = Path.Combine(_folder, name);
        string file = Path.Combine(folder, "redis.conf");
        string[] arguments = watch is null ? [file] : [file, "--sentinel"];
        IResourceBuilder<ExecutableResource> process = _builder.AddExecutable(name, _program, _builder.AppHostDirectory, arguments)
            .WithRequiredCommand(_program)
            .OnBeforeResourceStarted(async (_, _, cancellation) => await WriteAsync(
                file,
                () => ConfigurationAsync((Loopback, port, Loopback), master, watch, cancellation),
                cancellation).ConfigureAwait(false));
        Listen(process, RedisSentinelResource.EndpointName, "tcp", port);
        return new RedisNode(process.Resource, Loopback, port, watch is not null);
    }

    public override bool Reach(IResource resource) => !resource.IsContainer();

    public override string Listen<T>(IResourceBuilder<T> proxy, string endpoint, string scheme, int? port)
    {
        // Servers and Sentinels tell each other, and the proxy, the ports that they listen on: nothing may stand in front of those.
        int own = port ?? FreePort();
        proxy.WithEndpoint(port: own, scheme: scheme, name: endpoint, isProxied: false);
        return $"{Loopback}:{own}";
    }

    // The system may give the same one again: nobody listens on it yet.
    private int FreePort()
    {
        int port;
        do
        {
            port = AnyFreePort();
        }
        while (!_ports.Add(port));
        return port;
    }

    private static int AnyFreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private async Task WriteAsync(string file, Func<Task<string>> configuration, CancellationToken cancellation)
    {
        // One that starts again has rewritten its file: it may have become a replica.
        if (File.Exists(file))
        {
            return;
        }

        string text = await configuration().ConfigureAwait(false);
        string folder = Path.GetDirectoryName(file)!;
        if (!OperatingSystem.IsWindows())
        {
            // Nobody else may read the password there.
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(file, $"dir \"{folder}\"\n{text}", cancellation).ConfigureAwait(false);
    }

    private void RemoveFolder()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}

/// <summary>Containers of one network, in which their names are host names.</summary>
internal sealed class RedisContainers(IDistributedApplicationBuilder builder, string image, string tag) : RedisNodes
{
    private const int ServerPort = 6379;
    private const int SentinelPort = 26379;
    private const int ProxyPort = 6380;
    private const int AdminPort = 9180;
    private const string AllAddresses = "0.0.0.0";
    private const string Folder = "/data";
    private const string File = "redis.conf";

    public override RedisNode Add(string name, RedisNode? master, (string MasterName, int Quorum)? watch)
    {
        int port = watch is null ? ServerPort : SentinelPort;
        string path = $"{Folder}/{File}";
        string[] arguments = watch is null ? [path] : [path, "--sentinel"];
        IResourceBuilder<ContainerResource> container = builder.AddContainer(name, image, tag)
            .WithEntrypoint("redis-server")
            .WithArgs(arguments)
            .WithContainerFiles(Folder, async (_, cancellation) =>
            {
                string text = await ConfigurationAsync((name, port, AllAddresses), master, watch, cancellation).ConfigureAwait(false);
                return [new ContainerFile { Name = File, Contents = $"dir {Folder}\n{text}" }];
            })
            .WithEndpoint(targetPort: port, scheme: "tcp", name: RedisSentinelResource.EndpointName);
        return new RedisNode(container.Resource, name, port, watch is not null);
    }

    public override bool Reach(IResource resource) => resource.IsContainer();

    public override string Listen<T>(IResourceBuilder<T> proxy, string endpoint, string scheme, int? port)
    {
        int target = endpoint == RedisSentinelResource.EndpointName ? ProxyPort : AdminPort;
        proxy.WithEndpoint(port: port, targetPort: target, scheme: scheme, name: endpoint);
        return $"{AllAddresses}:{target}";
    }
}
