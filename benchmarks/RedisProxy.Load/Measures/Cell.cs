namespace RedisProxy.Load.Measures;

/// <summary>One kind of traffic, by redis-benchmark or <see cref="MultiplexerLoad"/>.</summary>
/// <param name="Key">How <c>--cells</c> calls it.</param>
/// <param name="Title">How a reader calls it.</param>
/// <param name="Clients">Connections of redis-benchmark, or callers.</param>
/// <param name="Pipeline">Requests per burst.</param>
/// <param name="ValueBytes">What GET returns.</param>
/// <param name="Weight">Requests of a run, as a multiple of <c>--requests</c>: about as long a run for each cell.</param>
internal sealed record Cell(string Key, string Title, int Clients, int Pipeline, int ValueBytes, double Weight)
{
    public static Cell Base { get; } = new("base", "GET 100 B, 50 clients, no pipelining", 50, 1, 100, 1);

    public static Cell Pipelined { get; } = new("pipeline", "GET 100 B, 50 clients, pipeline 16", 50, 16, 100, 16);

    public static Cell Many { get; } = new("many", "GET 100 B, 500 clients, no pipelining", 500, 1, 100, 1);

    public static Cell Multiplexer { get; } = new(
        "multiplexer", "GET 100 B, 200 callers on one multiplexer of StackExchange.Redis", 200, 1, 100, 2)
    {
        IsMultiplexed = true,
        // A multiplexer chooses its connection's protocol and name, which strangers on the same connection would be given, too.
        Without = [.. Target.Keys.Where(Target.Shares)],
    };

    public static Cell Large { get; } = new("large", "GET 64 KiB, 16 clients, no pipelining", 16, 1, 64 * 1024, 0.4);

    public static Cell Connect { get; } = new("connect", "connect, PING, close; 50 clients", 50, 1, 100, 0.15)
    {
        Command = "ping_mbulk",
        KeepsConnections = false,
        // It answers PING itself.
        Without = [Target.NutcrackerKey],
    };

    /// <summary>As redis-benchmark calls it.</summary>
    public string Command { get; init; } = "get";

    /// <summary>False: each request has a connection of its own.</summary>
    public bool KeepsConnections { get; init; } = true;

    /// <summary>All clients share one connection of an application on .NET.</summary>
    public bool IsMultiplexed { get; init; }

    /// <summary>Targets that cannot do this, or do something else.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    public long Requests(long perRun) => Math.Max(Clients * Pipeline, (long)(perRun * Weight));
}
