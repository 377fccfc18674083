using System.Net;

namespace RedisProxy.Tests.Simulation;

/// <summary>What the meaning of a request depends on.</summary>
internal readonly record struct Standing(int Database, string User)
{
    public static Standing OfNobody { get; } = new(0, "nobody");

    public override string ToString() => FormattableString.Invariant($"{User} in db {Database}");
}

/// <summary>What a client was told of a write.</summary>
internal enum Told
{
    Nothing,
    Acknowledged,

    /// <summary>The proxy does not know whether it was executed.</summary>
    Unknown,

    /// <summary>It was executed, but too few replicas had it in time.</summary>
    Unconfirmed,

    /// <summary>It surely was not executed: the proxy says so, or a server's own error does.</summary>
    NotExecuted,
}

/// <summary>One write of the whole run, from its client to the end: what was done with it, and what was said of it.</summary>
/// <param name="tag">Unique and growing for each client; the word that it writes.</param>
/// <param name="client">Who sent it.</param>
/// <param name="key">Where to.</param>
internal sealed class WriteFate(long tag, int client, string key)
{
    public long Tag => tag;

    public int Client => client;

    public string Key => key;

    /// <summary>Executed so often, by whichever server.</summary>
    public int Executions { get; set; }

    /// <summary>The server that executed it last.</summary>
    public SimulatedRedis? Node { get; set; }

    public long ExecutedAtUs { get; set; }

    /// <summary>A replica that has so much of what that server had written has it, too.</summary>
    public long Offset { get; set; }

    public Standing ExecutedAs { get; set; }

    public bool WasInTransaction { get; set; }

    /// <summary>The server's reply to it; empty when it stands inside that to EXEC.</summary>
    public string Reply { get; set; } = "";

    public Told Told { get; set; }

    /// <summary>What the client had asked for by then. When it did not get that, the write must not be executed at all.</summary>
    public required Standing Wanted { get; init; }

    public bool IsOfTransaction { get; init; }

    /// <summary>
    /// It waits at the server, or was said behind what does. So it may be executed at any time, also in the moment before a promotion.
    /// </summary>
    public bool WaitsAtServer { get; set; }

    /// <summary>The masters that the proxy's gates knew when it received the reply.</summary>
    public IReadOnlyList<IPEndPoint?> ReceivedUnder { get; set; } = [];

    public long ReceivedAtUs { get; set; }

    public override string ToString()
    {
        string done = Executions == 0 ? "never executed" : FormattableString.Invariant(
            $"executed {Executions} times, last by {Node!.Name} as {ExecutedAs} at {ExecutedAtUs / 1000.0:F3} ms");
        return FormattableString.Invariant(
            $"write {Tag} of client {Client} to {Key} as {Wanted}: told {Told}, {done}, reply received at {ReceivedAtUs / 1000.0:F3} ms");
    }
}
