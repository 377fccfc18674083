using System.Text.Json.Nodes;

namespace RedisProxy.Tests.Clients;

/// <summary>A library that takes jobs from a queue in redis, and how its driver is made ready.</summary>
/// <param name="Name">As users know it.</param>
/// <param name="Role">Of the driver that takes jobs, its first argument.</param>
/// <param name="PrepareAsync">Returns the program and its first arguments.</param>
internal sealed record WorkerProgram(string Name, string Role, Func<ClientWorkshop, Task<string[]>> PrepareAsync)
{
    /// <summary>All that are tested.</summary>
    public static IReadOnlyList<WorkerProgram> All { get; } =
    [
        new("RQ", "worker", workshop => workshop.PythonAsync("rq")),
        new("Celery", "worker", workshop => workshop.PythonAsync("celery"))
        {
            // It has a subscription, and drops all of its connections when that one is closed.
            Settings = new Dictionary<string, JsonNode?> { ["pubsub"] = "resubscribe" },
        },
        new("Celery without remote control", "worker-alone", workshop => workshop.PythonAsync("celery")),
        new("Sidekiq", "worker", workshop => workshop.ShellAsync("sidekiq")),
        new("BullMQ", "worker", workshop => workshop.BullMqAsync()),
    ];

    /// <summary>Of the listener.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Settings { get; init; } = new Dictionary<string, JsonNode?>();
}
