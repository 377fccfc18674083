using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>A state that a session may be in when its master is lost, and what is promised of it.</summary>
/// <param name="Name">Of the test.</param>
internal sealed record SessionState(string Name)
{
    private static readonly Func<RawClient, FaultLab, Task> Nothing = (_, _) => Task.CompletedTask;

    /// <summary>While all is well.</summary>
    public Func<RawClient, FaultLab, Task> PrepareAsync { get; init; } = Nothing;

    /// <summary>Sends what has to be in flight; its replies do not come.</summary>
    public Func<RawClient, FaultLab, Task> BeginAsync { get; init; } = Nothing;

    /// <summary>While the proxy knows that it has no master; null: nothing, and the state goes with every fault.</summary>
    public Func<RawClient, Task>? HoldAsync { get; init; }

    /// <summary>Afterwards, with the master of now.</summary>
    public required Func<RawClient, FaultLab, RedisServer, Task> CheckAsync { get; init; }

    public override string ToString() => Name;
}
