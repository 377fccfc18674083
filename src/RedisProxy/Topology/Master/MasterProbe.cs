using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// Looks at one accepted master over a connection of its own: is it a master, does it take requests? It looks quickly until the master is
/// verified and while it is in doubt, else at the poll interval, and at once when kicked or when its connection ends. A
/// connection that ends is no verdict: Sentinel kills all connections of a promoted node once. Only a new connection that
/// fails, too, is one.
/// <para>It reports what it sees and decides nothing. One task; kicks from any thread.</para>
/// </summary>
internal sealed class MasterProbe
{
    private const int MaxQuickTries = 20;

    private static readonly TimeSpan QuickInterval = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Ping = ["PING"];
    private static readonly string[] Commands = ["COMMAND"];
    private static readonly string[] NamedCommands = ["COMMAND", "INFO", .. CommandTable.Inspected];
    private static readonly string[] Role = ["ROLE"];

    private readonly MasterNode _node;
    private readonly long _generation;
    private readonly ProbeSettings _settings;
    private readonly Func<long> _newestSuspicion;
    private readonly ILogger _logger;
    private readonly PollPacer _pacer;
    private string _authError = "";
    private bool _demandsAuthentication;
    private bool _hasWarned;
    private bool _wasUp;
    private bool _hasAskedForCommands;
    private CommandTable? _commands;
    private int _tries;
    private long _roundTripTicks;

    public MasterProbe(MasterNode node, long generation, ProbeSettings settings, Func<long> newestSuspicion, ILogger logger)
    {
        _node = node;
        _generation = generation;
        _settings = settings;
        _newestSuspicion = newestSuspicion;
        _logger = logger;
        _pacer = new PollPacer(settings.Time);
    }

    /// <summary>Of the last look that was answered; null before. Any thread.</summary>
    public TimeSpan? RoundTrip => Interlocked.Read(ref _roundTripTicks) is > 0 and long ticks ? TimeSpan.FromTicks(ticks) : null;

    public void Kick() => _pacer.Kick();

    public async Task RunAsync(Action<ProbeReport> report, CancellationToken stop)
    {
        await using ServerConnection server = Connect();
        _pacer.Begin();
        while (true)
        {
            ProbeReport seen = await LookAsync(server, stop);

            // Of the connection that was looked at: it may end while the commands are asked for.
            Task closed = server.Closed;
            report(seen);
            if (seen.IsUp && !_hasAskedForCommands)
            {
                // Only now: it is a long answer, and requests wait for the short one.
                _hasAskedForCommands = true;
                _commands = await AskForCommandsAsync(server, stop);
                report(seen with { Commands = _commands });
            }

            await _pacer.NextAsync(IntervalAfter(seen), closed, stop);
        }
    }

    /// <summary>One look, and the end of this probe.</summary>
    public async Task<ProbeReport> LookOnceAsync(CancellationToken stop)
    {
        await using ServerConnection server = Connect();
        return await LookAsync(server, stop);
    }

    private ServerConnection Connect() =>
        new(_node.Announced, _node.Address, _settings.Options, _settings.Context) { ClientName = "redisproxy" };

    // A verified master is watched quickly for as long as it is down: a restart has no other sign of its end.
    private TimeSpan IntervalAfter(ProbeReport seen)
    {
        _wasUp |= seen.IsUp;
        if (seen.IsUp)
        {
            return _settings.Interval;
        }

        if (_wasUp || ++_tries < MaxQuickTries)
        {
            return QuickInterval;
        }

        if (_tries == MaxQuickTries)
        {
            MasterLog.MasterNotVerified(_logger, _node.Address, _tries, seen.Detail, _settings.Interval);
        }

        return _settings.Interval;
    }

    private async Task<ProbeReport> LookAsync(ServerConnection server, CancellationToken stop)
    {
        long suspicion = _newestSuspicion();
        try
        {
            (ProbeVerdict verdict, string detail) = await AskAsync(server, stop);
            return Report(verdict, detail, suspicion);
        }
        catch (ServerException failure)
        {
            Exception cause = failure.InnerException ?? failure;
            return Report(VerdictOf(cause, failure.WasConnected), cause.Message, suspicion);
        }
    }

    private ProbeReport Report(ProbeVerdict verdict, string detail, long suspicion) =>
        new(_generation, verdict, detail, suspicion) { Commands = _commands, DemandsAuthentication = _demandsAuthentication };

    /// <returns>Null when it does not say; then the built-in table has to do.</returns>
    private async Task<CommandTable?> AskForCommandsAsync(ServerConnection server, CancellationToken stop)
    {
        try
        {
            RespValue[] replies = await server.TryAskAllAsync([Commands, NamedCommands], stop);
            if (CommandTable.RenamedOf(replies[0], replies[1]) is { Count: > 0 } renamed)
            {
                MasterLog.CommandsRenamed(_logger, _node.Address, string.Join(", ", renamed));
            }

            return CommandTable.Of(replies[0]);
        }
        catch (ServerException)
        {
            return null;
        }
    }

    private static ProbeVerdict VerdictOf(Exception failure, bool hasConnection) => failure switch
    {
        TimeoutException => hasConnection ? ProbeVerdict.NoAnswer : ProbeVerdict.NoConnection,
        RespConnectionException { ByErrorReply: true } => ProbeVerdict.NoAnswer,
        _ => ProbeVerdict.Lost,
    };

    private async Task<(ProbeVerdict, string)> AskAsync(ServerConnection server, CancellationToken stop)
    {
        ServerLook look = await server.LookAsync(_settings.RequiresRole ? [Role, Ping] : [Ping], stop);
        Interlocked.Exchange(ref _roundTripTicks, Math.Max(1, look.RoundTrip.Ticks));
        if (look.Stranger is { } stranger)
        {
            // The first question is asked as nobody; the answer to it says whether clients may be nobody.
            _demandsAuthentication = stranger.IsError && HasCode(stranger, "NOAUTH");
            _authError = look.Refusal is { } refusal ? $" ({refusal})" : "";
        }

        RespValue[] replies = look.Replies;
        return Judge(_settings.RequiresRole ? replies[^2] : null, replies[^1]);
    }

    private (ProbeVerdict, string) Judge(RespValue? role, RespValue pong)
    {
        if (role is { IsError: false } && (role.Items.Count == 0 || role.Items[0].Text != "master"))
        {
            return (ProbeVerdict.NotMaster, $"its role is '{(role.Items.Count == 0 ? role.Text : role.Items[0].Text)}'");
        }

        if (pong.IsError && !IsRefusal(pong))
        {
            return (HasCode(pong, "LOADING") || HasCode(pong, "MASTERDOWN") ? ProbeVerdict.NotReady : ProbeVerdict.NoAnswer, pong.Text);
        }

        if (role is { IsError: true } && !IsRefusal(role))
        {
            return (ProbeVerdict.NoAnswer, role.Text);
        }

        return (ProbeVerdict.Up, role is { IsError: true } ? AcceptUnasked(role) : "");
    }

    // Who may not ask cannot know; the answer shows at least that somebody is there. No service at all would be worse.
    private string AcceptUnasked(RespValue refusal)
    {
        if (!_hasWarned)
        {
            _hasWarned = true;
            MasterLog.RoleNotAsked(_logger, _node.Address, refusal.Text + _authError);
        }

        return $"its role could not be asked: {refusal.Text}";
    }

    private static bool IsRefusal(RespValue error) =>
        HasCode(error, "NOAUTH") || HasCode(error, "NOPERM") || HasCode(error, "WRONGPASS")
            || error.Text.Contains("unknown command", StringComparison.OrdinalIgnoreCase);

    private static bool HasCode(RespValue error, string code) => error.Text.StartsWith(code, StringComparison.Ordinal);
}

/// <summary>How a master is looked at.</summary>
/// <param name="Options">Whose credentials and timeouts are used.</param>
/// <param name="RequiresRole">It must say that it is a master; without Sentinel any server will do.</param>
/// <param name="Interval">Between two looks at a healthy master.</param>
/// <param name="Context">The clock, and TLS.</param>
internal sealed record ProbeSettings(BackendOptions Options, bool RequiresRole, TimeSpan Interval, TopologyContext Context)
{
    public TimeProvider Time => Context.Time;
}
