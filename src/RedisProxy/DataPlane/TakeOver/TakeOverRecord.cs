using RedisProxy.Sessions;

namespace RedisProxy.DataPlane;

/// <summary>The sessions of one listener that came from the process before this one.</summary>
/// <param name="At">When the first could come.</param>
/// <param name="Process">The other one.</param>
/// <param name="Sessions">So far.</param>
/// <param name="Report">What the other process has said in the end; null: it is still there, or has ended without a word.</param>
internal sealed record TakeOverRecord(DateTimeOffset At, int Process, long Sessions, PassageReport? Report)
{
    /// <summary>The other process gives no more.</summary>
    public bool IsOver { get; init; }

    /// <summary>About those that did not come; for people.</summary>
    public string Rest => Report?.ToString()
        ?? (IsOver ? "it ended without saying how many stayed" : "it has not said yet how many stay");
}
