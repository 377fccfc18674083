namespace RedisProxy.ProcessTests.Clients;

/// <summary>A client, what it needs on this machine, and how its driver is made ready.</summary>
/// <param name="Name">As users know it.</param>
/// <param name="Needs">For messages: the packages that must be installed.</param>
/// <param name="PrepareAsync">Given a folder, returns the program and its first arguments.</param>
internal sealed record ClientProgram(string Name, string Needs, Func<ClientWorkshop, Task<string[]>> PrepareAsync)
{
    /// <summary>All that are tested.</summary>
    public static IReadOnlyList<ClientProgram> All { get; } =
    [
        new("redis-cli", "Debian's redis-tools and python3", workshop => workshop.PythonAsync("redis-cli")),
        new("redis-py", "Debian's python3-redis", workshop => workshop.PythonAsync("redis-py")),
        new("ioredis", ClientWorkshop.NodeNeeds, workshop => workshop.NodeAsync("ioredis.mjs")),
        new("node-redis", ClientWorkshop.NodeNeeds, workshop => workshop.NodeAsync("node-redis.mjs")),
        new("hiredis", "Debian's gcc, libc6-dev and libhiredis-dev", workshop => workshop.CompileAsync("hiredis")),
        new("phpredis", "Debian's php-cli and php-redis", workshop => workshop.PhpAsync("phpredis")) { ReconnectsAfterAFailedExec = true },
        Dotnet("StackExchange.Redis", "stackexchange-redis"),
        Dotnet("StackExchange.Redis, RESP2", "stackexchange-redis", "protocol=resp2"),
        Dotnet("StackExchange.Redis 1.2", "stackexchange-redis-1"),
    ];

    public IReadOnlyList<ClientMode> Modes { get; init; } = Enum.GetValues<ClientMode>();

    /// <summary>Connections that only subscribe, opened beside the first one whether the application subscribes or not.</summary>
    public int Subscribers { get; init; }

    /// <summary>It waits for more after an error in reply to EXEC, and connects again when its read timeout is over.</summary>
    public bool ReconnectsAfterAFailedExec { get; init; }

    // It opens the second connection for news of its own about the configuration.
    private static ClientProgram Dotnet(string name, string folder, params string[] options) =>
        new(name, $"a build of tests/clients/{folder}", workshop => workshop.DotnetAsync(folder, options)) { Subscribers = 1 };
}
