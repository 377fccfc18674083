using Microsoft.Extensions.Logging;

using RedisProxy.Actors;
using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// Probes one accepted master over a connection of its own: does it report itself as a master, does it serve requests? It probes at short
/// intervals until the master is verified and while it is in doubt, otherwise at the poll interval, and immediately when kicked or when its
/// connection closes. A closed connection proves nothing, because Sentinel kills all connections of a promoted node once; only a new
/// connection that fails, too, does.
/// <para>It reports what it sees and decides nothing. Runs as one task; may be kicked from any thread.</para>
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

    /// <summary>The round trip of the last answered probe; null before there is one. Any thread.</summary>
    public TimeSpan? RoundTrip => Interlocked.Read(ref _roundTripTicks) is > 0 and long ticks ? TimeSpan.FromTicks(ticks) : null;

    public void Kick() => _pacer.Kick();

    public async Task RunAsync(Action<ProbeReport> report, CancellationToken stop)
    {
        await using ServerConnection server = Connect();
        _pacer.Begin();
        while (true)
        {
            ProbeReport seen = await LookAsync(server, stop);

            // That of the connection just probed: it may close while the commands are read.
            Task closed = server.Closed;
            report(seen);
            if (seen.IsUp && !_hasAskedForCommands)
            {
                // Only after the report: the reply is long, and held requests wait for the report.
                _hasAskedForCommands = true;
                _commands = await AskForCommandsAsync(server, stop);
                report(seen with { Commands = _commands });
            }

            await _pacer.NextAsync(IntervalAfter(seen), closed, stop);
        }
    }

    /// <summary>Probes once and closes the connection.</summary>
    public async Task<ProbeReport> LookOnceAsync(CancellationToken stop)
    {
        await using ServerConnection server = Connect();
        return await LookAsync(server, stop);
    }

    private ServerConnection Connect() =>
        new(_node.Announced, _node.Address, _settings.Options, _settings.Context) { ClientName = "redisproxy" };

    // A verified master is probed at short intervals for as long as it is down: nothing else tells that it has restarted.
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

    /// <returns>Null if the server does not tell; the built-in table is used then.</returns>
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
        if (look.UnauthenticatedReply is { } unauthenticated)
        {
            // Tells whether clients have to authenticate.
            _demandsAuthentication = unauthenticated.IsError && HasCode(unauthenticated, "NOAUTH");
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

    // Without the permission to ask for the role the proxy cannot verify it, but the server does reply. Serving nobody would be worse.
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

/// <summary>How a master is probed.</summary>
/// <param name="Options">Credentials and timeouts.</param>
/// <param name="RequiresRole">The server must report the role master; without Sentinel any server is accepted.</param>
/// <param name="Interval">Between two probes of a healthy master.</param>
/// <param name="Context">Clock and TLS.</param>
internal sealed record ProbeSettings(BackendOptions Options, bool RequiresRole, TimeSpan Interval, TopologyContext Context)
{
    public TimeProvider Time => Context.Time;
}
