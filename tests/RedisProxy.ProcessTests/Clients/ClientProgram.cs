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
        new("phpredis", "Debian's php-cli and php-redis", workshop => workshop.PhpAsync("phpredis")),
        new("StackExchange.Redis", "a build of tests/clients/stackexchange-redis", workshop => workshop.DotnetAsync("stackexchange-redis"))
        {
            Subscribers = 1,
            // It shares one connection between all callers, so it offers no command that blocks.
            Modes = [ClientMode.Plain, ClientMode.Pipelined, ClientMode.Transactional, ClientMode.PubSub],
        },
    ];

    public IReadOnlyList<ClientMode> Modes { get; init; } = Enum.GetValues<ClientMode>();

    /// <summary>Connections that only subscribe, opened beside the first one whether the application subscribes or not.</summary>
    public int Subscribers { get; init; }
}
