using System.Text.Json.Serialization;

using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>The sessions of a listener that came from the process before this one.</summary>
/// <param name="At">When the first could come.</param>
/// <param name="Listener">Its name.</param>
/// <param name="Process">The number of the other one.</param>
/// <param name="Sessions">That came so far.</param>
/// <param name="Stayed">Those that stayed, by the reason; null: the other process is still there, or has ended without saying it.</param>
/// <param name="LongestQuietSeconds">No session was served by neither process for longer; null likewise.</param>
internal sealed record TakeOverStatus(
    DateTimeOffset At,
    string Listener,
    int Process,
    long Sessions,
    IReadOnlyDictionary<string, long>? Stayed,
    double? LongestQuietSeconds)
{
    /// <summary>For people.</summary>
    [JsonIgnore]
    public string Rest { get; init; } = "";

    /// <returns>Null: there was no process before this one.</returns>
    public static TakeOverStatus? Of(DataPlaneListener listener) => listener.Taken is not { } taken ? null : new TakeOverStatus(
        taken.At, listener.Options.Name, taken.Process, taken.Sessions, taken.Report?.Why, taken.Report?.LongestQuiet.TotalSeconds)
    {
        Rest = taken.Rest,
    };
}
