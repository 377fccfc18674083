using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Reads the configuration anew while the proxy runs. First everything that can be wrong is looked at, addresses that cannot be bound
/// included; if anything is, nothing changes. What a running process cannot change keeps its old value and is said. Sessions stay, but
/// those of listeners that are gone, which end as in a drain; listeners that were drained take clients again.
/// </summary>
internal sealed class ConfigurationReload(
    RunningOptions running, Func<OptionsReading> readAgain, TopologyService topology, Forwarder forwarder, ILogger<ConfigurationReload> log)
    : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>After each that was taken.</summary>
    public Action<ProxyOptions>? OnTaken { get; set; }

    public void Dispose() => _one.Dispose();

    public async Task<ReloadReport> RunAsync()
    {
        await _one.WaitAsync();
        try
        {
            ReloadReport report = await ReloadAsync();
            report.WriteTo(log);
            return report;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ReloadReport> ReloadAsync()
    {
        OptionsReading reading = readAgain();
        if (reading.Options is not { } read)
        {
            return ReloadReport.Refused(reading.Errors);
        }

        ProxyOptions old = running.Current;
        if (OptionChanges.Refusal(old, read) is { } refusal)
        {
            return ReloadReport.Refused([refusal]);
        }

        ProxyOptions now = OptionChanges.WhatCanBeTaken(old, read);
        ListenerPlan plan = await forwarder.PlanAsync(now, CancellationToken.None);
        if (plan.Errors.Count > 0)
        {
            return ReloadReport.Refused(plan.Errors);
        }

        topology.Reconfigure(now);
        IReadOnlyList<Task> leaving = await forwarder.CarryOutAsync(plan, topology.SourceOf);
        running.Current = now;
        OnTaken?.Invoke(now);
        if (leaving.Count > 0)
        {
            _ = TrimAsync(leaving);
        }

        return ReloadReport.Taken(OptionChanges.Between(old, read), [.. plan.Sockets.Values.Select(sockets => sockets.Bind)]);
    }

    // Masters that nobody needs any more are followed for as long as the last session has one of them.
    private async Task TrimAsync(IReadOnlyList<Task> leaving)
    {
        await Task.WhenAll(leaving);
        await _one.WaitAsync();
        topology.Trim(running.Current);
        _one.Release();
    }
}

/// <summary>What became of a reload.</summary>
/// <param name="IsTaken">False: nothing has changed.</param>
/// <param name="Lines">For people: what has changed, or what is wrong.</param>
/// <param name="NeedsRestart">Changes that were not taken over: a running process cannot.</param>
internal sealed record ReloadReport(bool IsTaken, IReadOnlyList<string> Lines, IReadOnlyList<string> NeedsRestart)
{
    private const string Stays = "the old value stays until a restart";

    public static ReloadReport Refused(IReadOnlyList<string> errors) => new(false, errors, []);

    public static ReloadReport Taken(IReadOnlyList<OptionChange> changes, IReadOnlyList<BindAddress> bound) => new(
        true,
        [.. changes.Where(change => !change.NeedsRestart).Select(change => change.Text), .. bound.Select(bind => $"accepts on {bind}")],
        [.. changes.Where(change => change.NeedsRestart).Select(change => $"{change.Text}: {Stays}")]);

    public override string ToString()
    {
        string summary = !IsTaken ? "not reloaded, the old configuration stays:"
            : Lines.Count + NeedsRestart.Count == 0 ? "reloaded, nothing has changed" : "reloaded:";
        return string.Join('\n', Lines.Concat(NeedsRestart).Select(line => $"  {line}").Prepend(summary));
    }

    public void WriteTo(ILogger log)
    {
        foreach (string line in Lines)
        {
            if (IsTaken)
            {
                ReloadLog.Changed(log, line);
            }
            else
            {
                ReloadLog.Wrong(log, line);
            }
        }

        foreach (string line in NeedsRestart)
        {
            ReloadLog.NotChanged(log, line);
        }

        if (IsTaken)
        {
            ReloadLog.Taken(log, Lines.Count);
        }
        else
        {
            ReloadLog.Refused(log);
        }
    }
}
