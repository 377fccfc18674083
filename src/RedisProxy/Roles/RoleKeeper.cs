using System.Collections.Concurrent;

using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Roles;

/// <summary>
/// Applies the settings of their role (<c>roles</c>) to the servers of every master: shortly after each new generation, at an
/// interval, and sooner while something is missing. Part of the control plane; traffic neither knows of it nor depends on it.
/// <para>Several proxies do the same without knowing of each other: each sends only what differs, and sending it twice changes nothing.
/// They begin at different moments, so that usually only one of them acts.</para>
/// </summary>
/// <param name="running">The present configuration.</param>
/// <param name="sources">The present sources of all masters.</param>
/// <param name="context">Clock, TLS, DNS.</param>
/// <param name="log">Receives every change and every failure.</param>
internal sealed class RoleKeeper(
    RunningOptions running, Func<IReadOnlyCollection<ITopologySource>> sources, TopologyContext context, ILogger<RoleKeeper> log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    // While it is switched off, a reload may switch it on.
    private static readonly TimeSpan OffInterval = TimeSpan.FromSeconds(10);

    // After a failover Sentinel turns the other replicas to the new master within a second or two.
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, RoleRecord> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Agenda> _agendas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _rounds = new(StringComparer.Ordinal);
    private readonly MonotonicClock _clock = new(context.Time);

    /// <summary>The record of this master. Any thread.</summary>
    public RoleRecord RecordOf(string masterName) => _records.GetOrAdd(masterName, name => new RoleRecord(name, log));

    /// <summary>Until stopped; then ends with a cancellation. A round in progress ends by itself.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            ProxyOptions options = running.Current;
            foreach (ITopologySource source in sources())
            {
                // One round at a time for each master, and none waits for another: a server or the DNS may be slow.
                string name = source.Current.MasterName;
                if (!_rounds.TryGetValue(name, out Task? round) || round.IsCompleted)
                {
                    _rounds[name] = LookAfterAsync(source, options);
                }
            }

            await Task.Delay(options.Roles.HasPolicy() ? LookInterval : OffInterval, context.Time, stop);
        }
    }

    private async Task LookAfterAsync(ITopologySource source, ProxyOptions options)
    {
        TopologyView view = source.Current;
        if (!options.Roles.IsAbout(view.MasterName))
        {
            Forget(view.MasterName);
            return;
        }

        if (view is not { Availability: Availability.Available, IsPromoting: false, Master: not null } || !IsDue(view, options.Roles))
        {
            return;
        }

        RoleRoundEnd end = RoleRoundEnd.Unfinished;
        try
        {
            end = await new RoleRound(source, view, options, context, RecordOf(view.MasterName)).RunAsync();
        }
        catch (Exception failure)
        {
            // Whatever the failure: traffic does not depend on it.
            RoleLog.Broken(log, view.MasterName, failure);
        }

        lock (_agendas)
        {
            _agendas[view.MasterName].Plan(_clock.Now, end, options.Roles.Interval);
        }
    }

    private bool IsDue(TopologyView view, RoleOptions roles)
    {
        lock (_agendas)
        {
            if (!_agendas.TryGetValue(view.MasterName, out Agenda? agenda) || agenda.Generation != view.Generation
                || !ReferenceEquals(agenda.Roles, roles))
            {
                agenda = new Agenda(view.Generation, roles, _clock.Now + Backoff.WithJitter(FirstLook));
                _agendas[view.MasterName] = agenda;
            }

            return _clock.Now >= agenda.Due;
        }
    }

    private void Forget(string masterName)
    {
        lock (_agendas)
        {
            if (_agendas.Remove(masterName))
            {
                RecordOf(masterName).Forget();
            }
        }
    }

    /// <summary>When the servers of one master are checked next. A new generation or configuration starts a new one.</summary>
    private sealed class Agenda(long generation, RoleOptions roles, TimeSpan due)
    {
        private readonly Backoff _pauses = new(FirstPause, MaxPause);

        public long Generation => generation;

        public RoleOptions Roles => roles;

        public TimeSpan Due { get; private set; } = due;

        public void Plan(TimeSpan now, RoleRoundEnd end, TimeSpan interval)
        {
            if (end != RoleRoundEnd.Unfinished)
            {
                _pauses.Reset();
            }

            TimeSpan usual = Backoff.WithJitter(interval);
            TimeSpan pause = end == RoleRoundEnd.Done ? usual : _pauses.Next();
            Due = now + (pause < usual ? pause : usual);
        }
    }
}
