using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>What happens beside the client's stream.</summary>
internal enum FuzzEvent
{
    /// <summary>For so many milliseconds.</summary>
    Pause,

    /// <summary>The client reads what it is owed. From here on it knows of errors, and a client whose state was refused stops.</summary>
    Drain,

    PlannedHold,
    Down,

    /// <summary>A replica was told to be the master.</summary>
    Doubt,
    ReadsOnly,
    Open,

    /// <summary>The other door is the master now. The data is the same.</summary>
    Switch,

    /// <summary>The server becomes a replica in place: READONLY, UNBLOCKED.</summary>
    Demote,

    /// <summary>Likewise, and serves no stale data: MASTERDOWN.</summary>
    DemoteStale,

    /// <summary>NOREPLICAS.</summary>
    LoseReplicas,

    /// <summary>The server is a master again, behind the other door.</summary>
    Promote,

    /// <summary>Connections to the master are reset.</summary>
    Reset,

    /// <summary>Connections to the master are closed in order.</summary>
    Close,

    /// <summary>Once so many further bytes of replies were delivered, the connection to the master is reset.</summary>
    CutReplies,

    /// <summary>Likewise, of requests.</summary>
    CutRequests,
    HoldReplies,
    ReleaseReplies,

    /// <summary>Somebody pushes an element that a blocked client waits for.</summary>
    Push,

    /// <summary>The proxy orders the server to end the waits of clients in a pop, as it does when a failover is announced.</summary>
    EndWaits,

    /// <summary>The proxy is stopped, as by SIGSTOP: its loop, and what renews its lease.</summary>
    Freeze,

    /// <summary>
    /// It goes on, once its lease has run out. The other door is the master since then, and the proxy hears of it a moment later.
    /// </summary>
    Thaw,
}

internal readonly record struct FuzzFault(FuzzEvent Event, int Number = 0)
{
    public override string ToString() => Number == 0 ? $"[{Event}]" : $"[{Event} {Number}]";
}

/// <summary>A request, or a fault between two of them.</summary>
/// <param name="Request">Null: a fault alone.</param>
/// <param name="SplitAt">Behind so many of its bytes the client makes a break; 0: none.</param>
/// <param name="Fault">In that break, or alone.</param>
/// <param name="Flushes">What was said up to here goes out in one write.</param>
internal sealed record FuzzStep(FuzzRequest? Request, int SplitAt, FuzzFault? Fault, bool Flushes)
{
    public static FuzzStep Of(FuzzEvent what, int number = 0) => new(null, 0, new FuzzFault(what, number), true);

    public override string ToString() =>
        Request is null ? Fault.ToString()!
        : $"{Request.Words}{(SplitAt > 0 ? $"  | split at {SplitAt} of {Request.Bytes.Length} {Fault}" : "")}{(Flushes ? "  |" : "")}";
}

/// <summary>How the proxy is set up.</summary>
internal sealed record FuzzSettings(bool Resubscribes, bool ResendsBlocking, int HoldMs, int MaxOutageMs, int MaxReplayBytes, bool HasLease)
{
    public const int Count = 16;

    /// <summary>Requests that are held for so long do not expire, whatever the machine has to do beside.</summary>
    public const int LongHoldMs = 3000;

    public static FuzzSettings Of(int index) => new(
        Resubscribes: (index & 1) != 0,
        ResendsBlocking: (index & 3) == 3,
        HoldMs: (index & 2) != 0 ? 40 : LongHoldMs,
        MaxOutageMs: (index & 6) == 6 ? 70 : 30_000,
        MaxReplayBytes: (index & 4) != 0 ? 1024 : 64 * 1024,
        HasLease: (index & 10) == 8);

    /// <summary>Requests are held for longer than anything takes, and kept until they are answered.</summary>
    public bool IsPatient => HoldMs >= LongHoldMs && MaxReplayBytes > 1024;
}

/// <summary>One client's stream with its faults. All of it comes from the seed.</summary>
internal sealed record FuzzPlan(int Seed, FuzzTheme Theme, FuzzSettings Settings, IReadOnlyList<FuzzStep> Steps)
{
    /// <summary>Replies are delivered in pieces of at most so many bytes; 0: as they come.</summary>
    public int ChopBytes { get; init; }

    /// <summary>Others publish and write all the time.</summary>
    public bool HasStorm { get; init; }

    public IReadOnlyList<FuzzRequest> Requests => [.. Steps.Where(step => step.Request is not null).Select(step => step.Request!)];

    /// <summary>Something may happen that a direct client would not see.</summary>
    // On a busy machine requests expire without any fault.
    public bool HasFaults => Settings.HoldMs < FuzzSettings.LongHoldMs || Steps.Any(static step =>
        step.Fault is { Event: not (FuzzEvent.Pause or FuzzEvent.Drain or FuzzEvent.Push) }
            || step.Request?.Is(RequestNature.Ends) == true);

    /// <summary>A new master waits for its replicas, and they come in time.</summary>
    public bool AwaitsReplicas => Theme == FuzzTheme.Scene && Has(FuzzEvent.LoseReplicas);

    public bool Has(FuzzEvent what) => Steps.Any(step => step.Fault?.Event == what);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"seed {Seed}, {Theme}, {Settings}, chop {ChopBytes}, storm {HasStorm}");
        foreach (FuzzStep step in Steps)
        {
            text.Append("    ").AppendLine(step.ToString());
        }

        return text.ToString();
    }
}

/// <summary>What a plan is mostly about.</summary>
internal enum FuzzTheme
{
    Quiet,
    Failover,
    Expiry,
    Refusal,
    Cut,
    Doubt,
    Storm,
    Gone,

    /// <summary>See <see cref="Scenes"/>.</summary>
    Scene,
}
