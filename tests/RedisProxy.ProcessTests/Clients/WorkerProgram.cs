using System.Text.Json.Nodes;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>A library that takes jobs from a queue in redis, and how its driver is made ready.</summary>
/// <param name="Name">As users know it.</param>
/// <param name="Role">Of the driver that takes jobs, its first argument.</param>
/// <param name="PrepareAsync">Returns the program and its first arguments.</param>
internal sealed record WorkerProgram(string Name, string Role, Func<ClientWorkshop, Task<string[]>> PrepareAsync)
{
    // A subscription that is closed is not made again by RQ, and costs Celery all of its connections.
    private static readonly Dictionary<string, JsonNode?> KeepsSubscriptions = new() { ["pubsub"] = "resubscribe" };

    /// <summary>All that are tested.</summary>
    public static IReadOnlyList<WorkerProgram> All { get; } =
    [
        new("RQ", "worker", workshop => workshop.PythonAsync("rq")) { Settings = KeepsSubscriptions, MayEnd = true },
        Celery("Celery", "worker") with { Settings = KeepsSubscriptions },
        Celery("Celery, subscription closed", "worker") with { IsSilent = false },
        Celery("Celery without remote control", "worker-alone"),
        new("Sidekiq", "worker", workshop => workshop.ShellAsync("sidekiq")),
        new("BullMQ", "worker", workshop => workshop.BullMqAsync()),
    ];

    /// <summary>Of the listener.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Settings { get; init; } = new Dictionary<string, JsonNode?>();

    /// <summary>
    /// <c>replay.onUnknownOutcome</c>. Celery ends when its acknowledgement of a job gets an error, and goes on when it gets a closed
    /// connection.
    /// </summary>
    public string OnUnknownOutcome { get; init; } = "error";

    /// <summary>A planned failover leaves nothing in its log.</summary>
    public bool IsSilent { get; init; } = true;

    /// <summary>
    /// An error to what it writes between two jobs ends it: the library does not catch it, whether it is a reply or a lost connection.
    /// </summary>
    public bool MayEnd { get; init; }

    private static WorkerProgram Celery(string name, string role) =>
        new(name, role, workshop => workshop.PythonAsync("celery")) { OnUnknownOutcome = "disconnect" };
}
