using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Reloads the configuration while the proxy runs. First everything that can be wrong is checked, including addresses that cannot be
/// bound; if anything is, nothing changes. Settings that a running process cannot change keep their old value and are reported.
/// Sessions stay, except those of removed listeners, which end as in a drain; drained listeners accept clients again.
/// </summary>
internal sealed class ConfigurationReload(
    RunningOptions running, OptionsReading first, Func<OptionsReading> readAgain, TopologyService topology, Forwarder forwarder,
    ILogger<ConfigurationReload> log)
    : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private long _countTaken;
    private long _countRefused;
    private volatile bool _wasLastRefused;
    private volatile OptionsReading _taken = first;

    /// <summary>Called after each successful reload.</summary>
    public Action<ProxyOptions>? OnTaken { get; set; }

    public long Taken => Interlocked.Read(ref _countTaken);

    public long Refused => Interlocked.Read(ref _countRefused);

    /// <summary>Also before the first one: the configuration in effect is the one that was read last.</summary>
    public bool WasLastTaken => !_wasLastRefused;

    public void Dispose() => _one.Dispose();

    /// <summary>The files with the secrets of the configuration in effect.</summary>
    public IReadOnlyList<string> SecretFiles => _taken.SecretFiles;

    public Task<ReloadReport> RunAsync() => RunAsync(readAgain, isQuiet: false);

    /// <summary>
    /// Only the secrets: whatever else has been changed in the file waits for <see cref="RunAsync()"/>. Logged if it changes something.
    /// </summary>
    public Task<ReloadReport> RenewSecretsAsync() =>
        // A reload ends a drain, which nobody has asked for here.
        forwarder.Listeners.Any(listener => listener.IsDraining)
            ? Task.FromResult(ReloadReport.Refused(["a listener is being drained; reload to use them"]))
            : RunAsync(() => _taken.WithNewSecrets(), isQuiet: true);

    private async Task<ReloadReport> RunAsync(Func<OptionsReading> read, bool isQuiet)
    {
        await _one.WaitAsync();
        try
        {
            OptionsReading reading = read();
            if (isQuiet && reading.Options is { } options && OptionChanges.Between(_taken.Options!, options).Count == 0)
            {
                return ReloadReport.Taken([], []);
            }

            ReloadReport report = await ReloadAsync(reading);
            if (!isQuiet || report.IsTaken)
            {
                Interlocked.Increment(ref report.IsTaken ? ref _countTaken : ref _countRefused);
                _wasLastRefused = !isQuiet ? !report.IsTaken : _wasLastRefused;
                report.WriteTo(log);
            }

            return report;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ReloadReport> ReloadAsync(OptionsReading reading)
    {
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
        _taken = reading;
        OnTaken?.Invoke(now);
        if (leaving.Count > 0)
        {
            _ = TrimAsync(leaving);
        }

        return ReloadReport.Taken(OptionChanges.Between(old, read), [.. plan.Sockets.Values.Select(sockets => sockets.Bind)]);
    }

    // Masters that no listener needs any more are followed as long as the last session uses one of them.
    private async Task TrimAsync(IReadOnlyList<Task> leaving)
    {
        await Task.WhenAll(leaving);
        await _one.WaitAsync();
        topology.Trim(running.Current);
        _one.Release();
    }
}

/// <summary>The result of a reload.</summary>
/// <param name="IsTaken">False: nothing has changed.</param>
/// <param name="Lines">For people: the changes, or the errors.</param>
/// <param name="NeedsRestart">Changes not applied: they need a restart.</param>
internal sealed record ReloadReport(bool IsTaken, IReadOnlyList<string> Lines, IReadOnlyList<string> NeedsRestart)
{
    private const string Stays = "the old value stays in effect until a restart";

    public static ReloadReport Refused(IReadOnlyList<string> errors) => new(false, errors, []);

    public static ReloadReport Taken(IReadOnlyList<OptionChange> changes, IReadOnlyList<BindAddress> bound) => new(
        true,
        [.. changes.Where(change => !change.NeedsRestart).Select(change => change.Text), .. bound.Select(bind => $"accepting on {bind}")],
        [.. changes.Where(change => change.NeedsRestart).Select(change => $"{change.Text}: {Stays}")]);

    public override string ToString()
    {
        string summary = !IsTaken ? "not reloaded, the old configuration stays in effect:"
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
