using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>The outage of a master while it lasts.</summary>
/// <param name="Since">Requests have been held since then.</param>
/// <param name="Seconds">The same, until now.</param>
/// <param name="Text">All of it in one line for people.</param>
/// <param name="Why">What is missing now.</param>
/// <param name="SentinelsDown">Connected Sentinels that report the master down.</param>
/// <param name="NotExecutedInSeconds">
/// When the requests that have waited longest get NOT-EXECUTED; 0: some have had it already. Null once the master takes requests again.
/// </param>
/// <param name="SessionsWaiting">Sessions that have not continued.</param>
internal sealed record OutageStatus(
    DateTimeOffset Since,
    double Seconds,
    string Text,
    string Why,
    int SentinelsDown,
    double? NotExecutedInSeconds,
    long SessionsWaiting)
{
    // Flags of SENTINEL MASTER (sentinel.c).
    private static readonly string[] DownFlags = ["s_down", "o_down"];

    public static OutageStatus Of(RunningOutage outage, HoldOptions hold)
    {
        TopologyView view = outage.View;
        int down = view.Sentinels.Count(static sentinel =>
            sentinel.IsConnected && sentinel.Flags.Split(',').Any(static flag => DownFlags.Contains(flag, StringComparer.Ordinal)));
        double left = Math.Max(0, (hold.Timeout - outage.Lasted).TotalSeconds);
        string what = outage.IsOver ? "the master takes requests again, held for"
            : view.Availability == Availability.Down ? "master gone for"
            : "requests held for";
        string sentinels = view.Sentinels.Count > 0 && view.Availability == Availability.Down && !outage.IsOver
            ? Invariant($", {down} of {view.Sentinels.Count} Sentinels say down")
            : "";
        string next = outage.IsOver ? Invariant($", {outage.SessionsWaiting} session(s) still connect to it")
            : left > 0 ? Invariant($", requests get NOT-EXECUTED in {left:0.0} s")
            : outage.Lasted > hold.MaxOutage ? ", requests get NOT-EXECUTED at once"
            : Invariant($", requests get NOT-EXECUTED after waiting {hold.Timeout.TotalSeconds:0.###} s");
        return new OutageStatus(
            outage.Since,
            Math.Round(outage.Lasted.TotalSeconds, 3),
            Invariant($"{what} {outage.Lasted.TotalSeconds:0.0} s{sentinels}{next}"),
            view.Reason,
            down,
            outage.IsOver ? null : Math.Round(left, 3),
            outage.SessionsWaiting);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
