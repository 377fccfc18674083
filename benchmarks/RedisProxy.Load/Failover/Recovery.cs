using System.Globalization;

namespace RedisProxy.Load.Failover;

/// <summary>One kill of the master under many sessions.</summary>
/// <param name="Sessions">How many there were; each sent one request just after the kill.</param>
/// <param name="SwitchMs">From the kill to the first Sentinel's <c>+switch-master</c>.</param>
/// <param name="FirstReplyMs">From that switch to the first reply. Negative: the proxy was earlier than the announcement.</param>
/// <param name="LastServedMs">From that switch to the last reply.</param>
/// <param name="Answered">Sessions with the right value.</param>
/// <param name="Errors">Sessions with an error, or with another value.</param>
/// <param name="Closed">Sessions that were closed. The rest had no answer in time.</param>
internal sealed record Recovery(
    int Sessions, double SwitchMs, double FirstReplyMs, double LastServedMs, int Answered, int Errors, int Closed)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Answered:N0} of {Sessions:N0} sessions answered, {Errors:N0} errors, {Closed:N0} closed; switch {SwitchMs:N0} ms after the "
        + $"kill, first reply {FirstReplyMs:N0} ms and last {LastServedMs:N0} ms after it");
}
