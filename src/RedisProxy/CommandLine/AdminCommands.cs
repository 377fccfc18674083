using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>
/// Commands for a running proxy: each is a path of its admin surface. The proxy is selected by <c>--admin</c>, otherwise by the
/// configuration that it runs with, otherwise by the default port on this machine. Option values are validated by the proxy.
/// </summary>
internal sealed class AdminCommands
{
    // The longest sample, and what the proxy needs for anything else.
    private static readonly TimeSpan MaxSampleTime = TimeSpan.FromSeconds(75);

    private readonly Option<bool> _json = new("--json") { Description = "As JSON, for programs." };
    private readonly Option<string> _listener = new("--listener") { HelpName = "NAME", Description = "Only this listener." };
    private readonly Option<string> _phase = new("--phase")
    {
        HelpName = "PHASE",
        Description = "Only in this phase: opening, serving, draining, holding or retargeting.",
        CompletionSources = { "opening", "serving", "draining", "holding", "retargeting" },
    };

    private readonly Option<string> _client = new("--client")
    {
        HelpName = "ADDRESS",
        Description = "Only clients whose address begins with this, for example 10.1.",
    };

    private readonly Option<string> _name = new("--name")
    {
        HelpName = "NAME",
        Description = "Only clients whose own name (CLIENT SETNAME) begins with this.",
    };

    private readonly Option<int?> _limit = new("--limit")
    {
        HelpName = "COUNT",
        Description = "List at most this many. Default: 100.",
        CustomParser = argument => (int?)NumberIn(argument, "--limit", "a whole number from 1", int.MaxValue),
    };

    private readonly Argument<long> _id = new("id")
    {
        Description = "The number of a session, as RedisProxy sessions lists it.",
        CustomParser = argument => NumberIn(argument, "kill", "the number of a session, as RedisProxy sessions lists it", long.MaxValue),
    };

    private readonly Option<int?> _slowest = new("--limit")
    {
        HelpName = "COUNT",
        Description = "List at most this many. Default: 20.",
        CustomParser = argument => (int?)NumberIn(argument, "--limit", "a whole number from 1", int.MaxValue),
    };

    private readonly Option<string> _tokenFile = new("--token-file")
    {
        HelpName = "FILE",
        Description = "Its first line is the proxy's admin.token. Default: the token of the configuration, if that is used.",
    };

    private readonly Argument<string?> _master = new("master")
    {
        Description = "Sentinel's name for it. Not needed if there is only one.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> _receiver = new("receiver")
    {
        Description = "Its name. Default: all receivers.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _force = new("--force") { Description = "Despite objections." };
    private readonly Option<string> _ifMaster = new("--if-master")
    {
        HelpName = "HOST[:PORT]",
        Description = "Only if this server is the master; otherwise there is nothing to do. For preStop hooks.",
    };

    private readonly Option<bool> _wait = new("--wait")
    {
        Description = "Try for a minute while there are objections, then wait until the replicas are in sync.",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only tell what would happen; nothing is changed or held." };

    private readonly Option<string> _for = new("--for")
    {
        HelpName = "DURATION",
        Description = "Resume automatically after this, at most 10m. Default: 10s.",
    };

    private readonly Option<string> _sampleFor = new("--for")
    {
        HelpName = "DURATION",
        Description = "How long to sample, at most 1m. Default: 5s.",
    };

    private readonly Option<bool> _watch = new("--watch") { Description = "Again every second, until Ctrl-C." };

    private readonly Option<bool> _live = new("--live")
    {
        Description = "Only whether its event loops run, not whether it should receive traffic.",
    };

    public Command Health { get; } = new("health", HelpTexts.Health);

    public Command Status { get; } = new("status", HelpTexts.Status);

    public Command Sessions { get; } = new("sessions", HelpTexts.Sessions);

    public Command Slowlog { get; } = new("slowlog", HelpTexts.Slowlog);

    public Command HotKeys { get; } = new("hotkeys", HelpTexts.HotKeys);

    public Command Pause { get; } = new("pause", HelpTexts.Pause);

    public Command Resume { get; } = new("resume", HelpTexts.Resume);

    public Command Failover { get; } = new("failover", HelpTexts.Failover);

    public Command NotifyTest { get; } = new("notify-test", HelpTexts.NotifyTest);

    public Command Drain { get; } = new("drain", HelpTexts.Drain);

    public Command Reload { get; } = new("reload", HelpTexts.Reload);

    public Command Kill { get; } = new("kill", HelpTexts.Kill);

    public AdminCommands()
    {
        Health.Add(_live);
        Pause.Add(_for);
        Pause.Add(_dryRun);
        Kill.Add(_id);
        Failover.Add(_master);
        Failover.Add(_force);
        Failover.Add(_ifMaster);
        Failover.Add(_wait);
        Failover.Add(_dryRun);
        _wait.Validators.Add(result =>
        {
            if (result.GetValue(_wait) && result.GetValue(_dryRun))
            {
                result.AddError("--dry-run and --wait contradict each other: a dry run does not wait for a better moment");
            }
        });
        NotifyTest.Add(_receiver);
        foreach (Command verb in new[] { Slowlog, HotKeys, Pause, Resume, Drain, Reload, Kill, Failover, NotifyTest })
        {
            verb.Add(_tokenFile);
        }

        Pause.Add(_listener);
        Resume.Add(_listener);
        Drain.Add(_listener);

        Status.Add(_json);
        Status.Add(_watch);
        foreach (Option option in new Option[] { _json, _listener, _phase, _client, _name, _limit })
        {
            Sessions.Add(option);
        }

        foreach (Option option in new Option[] { _json, _listener, _slowest })
        {
            Slowlog.Add(option);
            HotKeys.Add(option);
        }

        HotKeys.Add(_sampleFor);
    }

    /// <summary>Each command with its request.</summary>
    public IEnumerable<(Command Command, Func<ParseResult, AdminQuestion> Ask)> All =>
    [
        (Health, HealthOf),
        (Status, StatusOf),
        (Sessions, SessionsOf),
        (Slowlog, SlowlogOf),
        (HotKeys, HotKeysOf),
        (Pause, PauseOf),
        (Resume, arguments => VerbOf(arguments, "resume", ("listener", _listener))),
        (Failover, FailoverOf),
        (NotifyTest, arguments => VerbOf(arguments, WithQuery("notify/test", [("receiver", arguments.GetValue(_receiver))]))),
        (Drain, arguments => VerbOf(arguments, "drain", ("listener", _listener))),
        (Reload, arguments => VerbOf(arguments, "reload")),
        (Kill, arguments => VerbOf(arguments, FormattableString.Invariant($"sessions/{arguments.GetValue(_id)}/kill"))),
    ];

    private AdminQuestion HealthOf(ParseResult arguments) =>
        new(arguments.GetValue(_live) ? "healthz/live" : "healthz/ready", IsJson: false);

    private AdminQuestion StatusOf(ParseResult arguments) => new("status", arguments.GetValue(_json))
    {
        IsWatched = arguments.GetValue(_watch),
    };

    private AdminQuestion SessionsOf(ParseResult arguments)
    {
        (string Name, string? Value)[] parameters =
        [
            ("listener", arguments.GetValue(_listener)),
            ("phase", arguments.GetValue(_phase)),
            ("client", arguments.GetValue(_client)),
            ("name", arguments.GetValue(_name)),
            ("limit", arguments.GetValue(_limit)?.ToString(CultureInfo.InvariantCulture)),
        ];
        return new AdminQuestion(WithQuery("sessions", parameters), arguments.GetValue(_json));
    }

    private AdminQuestion SlowlogOf(ParseResult arguments) => InsightOf(arguments, "slowlog");

    private AdminQuestion HotKeysOf(ParseResult arguments) =>
        InsightOf(arguments, "hotkeys", ("for", arguments.GetValue(_sampleFor))) with { MaxTime = MaxSampleTime };

    private AdminQuestion InsightOf(ParseResult arguments, string path, params (string Name, string? Value)[] more)
    {
        (string Name, string? Value)[] parameters =
        [
            ("listener", arguments.GetValue(_listener)),
            ("limit", arguments.GetValue(_slowest)?.ToString(CultureInfo.InvariantCulture)),
        ];
        return new AdminQuestion(WithQuery(path, parameters.Concat(more)), arguments.GetValue(_json))
        {
            ShowsToken = true,
            TokenFile = arguments.GetValue(_tokenFile),
        };
    }

    private AdminQuestion PauseOf(ParseResult arguments) => VerbOf(arguments, WithQuery("pause",
    [
        ("listener", arguments.GetValue(_listener)),
        ("for", arguments.GetValue(_for)),
        ("dryRun", arguments.GetValue(_dryRun) ? "true" : null),
    ]));

    private AdminQuestion FailoverOf(ParseResult arguments) => VerbOf(arguments, WithQuery("failover",
    [
        ("master", arguments.GetValue(_master)),
        ("force", arguments.GetValue(_force) ? "true" : null),
        ("ifMaster", arguments.GetValue(_ifMaster)),
        ("wait", arguments.GetValue(_wait) ? "60s" : null),
        ("dryRun", arguments.GetValue(_dryRun) ? "true" : null),
    ]));

    private AdminQuestion VerbOf(ParseResult arguments, string path, params (string Name, Option<string> Option)[] parameters) =>
        VerbOf(arguments, WithQuery(path, parameters.Select(parameter => (parameter.Name, arguments.GetValue(parameter.Option)))));

    private AdminQuestion VerbOf(ParseResult arguments, string pathAndQuery) => new(pathAndQuery, IsJson: false)
    {
        IsVerb = true,
        ShowsToken = true,
        TokenFile = arguments.GetValue(_tokenFile),
    };

    /// <summary>Of anything else the library would say that it is not a <c>System.Int64</c>.</summary>
    private static long NumberIn(ArgumentResult argument, string where, string expected, long max)
    {
        string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > max)
        {
            argument.AddError($"{where}: {QuotedValue.Of(text)} is not valid; expected {expected}");
        }

        return number;
    }

    private static string WithQuery(string path, IEnumerable<(string Name, string? Value)> parameters)
    {
        IEnumerable<string> query = parameters
            .Where(parameter => parameter.Value is not null)
            .Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}");
        return $"{path}?{string.Join('&', query)}".TrimEnd('?');
    }
}
