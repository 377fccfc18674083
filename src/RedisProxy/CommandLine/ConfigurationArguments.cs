using System.CommandLine;
using System.Globalization;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.CommandLine;

/// <summary>
/// The options that describe what to run, and those that say which running proxy is meant; each command has those that it uses. Their
/// values are not validated here: they become the top layer of the configuration, and are validated with the rest of it.
/// </summary>
internal sealed class ConfigurationArguments
{
    public const string DefaultFile = "proxy.json";

    private const string Json = "json";

    /// <summary>The name of the only listener in front of one server: without a file it cannot be configured.</summary>
    private const string NameWithoutSentinel = "redis";

    private static readonly Dictionary<string, LogLevel> LogLevels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = LogLevel.Trace,
        ["debug"] = LogLevel.Debug,
        ["info"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
        ["none"] = LogLevel.None,
    };

    private readonly Option<string> _config = new("--config", "-c")
    {
        HelpName = "FILE",
        Description = $"The configuration file. Default: {DefaultFile} in the working directory, if it is there and --listen is not given.",
    };

    private readonly Option<string> _listen = new("--listen")
    {
        HelpName = "ADDRESS",
        Description = "Where applications connect: host:port, [IPv6]:port or unix:/path. "
            + "A port alone is 127.0.0.1, this machine only; 0.0.0.0:port and [::]:port are all addresses.",
    };

    private readonly Option<string[]> _sentinel = new("--sentinel")
    {
        HelpName = "HOST:PORT",
        Description = "A Sentinel. May be repeated, or a comma-separated list; the Sentinels they know are discovered.",
    };

    private readonly Option<string> _master = new("--master")
    {
        HelpName = "NAME",
        Description = "Sentinel's name for the master.",
    };

    private readonly Option<string> _backend = new("--backend")
    {
        HelpName = "HOST:PORT",
        Description = "One server, without Sentinel.",
    };

    private readonly Option<string> _admin = new("--admin")
    {
        HelpName = "ADDRESS",
        Description = "Where metrics, health and status are served: host:port, a port alone for this machine only, or unix:/path; "
            + "\"\" to turn it off. Default: 127.0.0.1:9180.",
    };

    private readonly Option<string> _loops = new("--loops")
    {
        HelpName = "COUNT",
        Description = "Event-loop threads for the traffic. Default: 0, as many as processors but at most 4.",
    };

    private readonly Option<string> _configOfProxy = new("--config", "-c")
    {
        HelpName = "FILE",
        Description = "The configuration that the proxy runs with: its admin address and its token. "
            + $"Default: {DefaultFile} in the working directory, if it is there.",
    };

    private readonly Option<string> _adminOfProxy = new("--admin")
    {
        HelpName = "ADDRESS",
        Description = "The proxy's admin address: host:port, a port of this machine, or unix:/path. Default: see below.",
    };

    private readonly Option<LogLevel?> _logLevel = new("--log-level")
    {
        HelpName = "LEVEL",
        Description = $"The log level: {string.Join(", ", LogLevels.Keys)}. Default: info.",
        CustomParser = argument =>
        {
            string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            if (!LogLevels.TryGetValue(text, out LogLevel level))
            {
                argument.AddError($"--log-level: {QuotedValue.Of(text)} is unknown; expected {QuotedValue.AnyOf([.. LogLevels.Keys])}");
            }

            return level;
        },
    };

    private readonly Option<string> _logFormat = new("--log-format")
    {
        HelpName = "FORMAT",
        Description = "text, or json: one object on each line, for log collectors. Default: text.",
        CompletionSources = { "text", Json },
        CustomParser = argument =>
        {
            string text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            if (text is not ("text" or Json))
            {
                argument.AddError($"--log-format: {QuotedValue.Of(text)} is unknown; expected {QuotedValue.AnyOf(["text", Json])}");
            }

            return text;
        },
    };

    public ConfigurationArguments()
    {
        // Without the names in .NET.
        _logLevel.CompletionSources.Clear();
        _logLevel.CompletionSources.Add([.. LogLevels.Keys]);
    }

    /// <summary>To run a proxy, or to check whether it could run.</summary>
    public IEnumerable<Option> OfRun => [_config, _listen, _sentinel, _master, _backend, _admin, _loops, _logLevel];

    /// <summary>Only to run one.</summary>
    public Option LogFormat => _logFormat;

    /// <summary>To look at a deployment.</summary>
    public IEnumerable<Option> OfAudit => [_config, _listen, _sentinel, _master, _backend, _logLevel];

    /// <summary>To find a running proxy.</summary>
    public IEnumerable<Option> OfProxy => [_configOfProxy, _adminOfProxy];

    public bool LogsJson(ParseResult arguments) => arguments.GetValue(_logFormat) == Json;

    public LogLevel LogLevelOf(ParseResult arguments) => arguments.GetValue(_logLevel) ?? LogLevel.Information;

    /// <summary>
    /// The admin address of a running proxy: <c>--admin</c>; otherwise from the configuration, if there is one; otherwise from the
    /// environment, which is all there is in a container without a file; otherwise the default.
    /// </summary>
    /// <returns>With an address; or null, with a sentence giving the reason.</returns>
    public AdminOptions? AdminOf(ParseResult arguments, ShellContext shell, out string error)
    {
        error = "";
        AdminOptions? given = null;
        if (AdminIn(arguments) is { } text)
        {
            error = $"--admin: {QuotedValue.Of(text)} is not an address; expected host:port, a port of this machine, or unix:/path";
            given = AdminAt(LoopbackWhenPortOnly(text));
            if (given is null || ConfigIn(arguments) is null)
            {
                return given;
            }
        }

        // Of the file only the rest is wanted then: it may name the address elsewhere, such as in admin.metricsBind.
        OptionSources sources = SourcesOf(arguments, shell) with { CommandLine = new OptionLayer() };

        if (sources.File is null && EnvironmentVariables.Find(shell.Environment, "admin:bind") is { } variable)
        {
            error = $"{variable.Key}: {QuotedValue.Of(variable.Value)} is not an address; expected host:port or unix:/path";
            return AdminAt(variable.Value);
        }

        if (sources.File is null)
        {
            return new AdminOptions();
        }

        OptionsReading reading = OptionsReader.Read(sources);
        error = reading.Options is null
            ? $"{InFile(sources.File, reading.Errors[0])}; or use --admin ADDRESS{(given is null ? "" : " without --config")}"
            : $"{sources.File}: the admin surface is turned off (admin.bind)";
        AdminOptions? admin = reading.Options?.Admin;
        admin = given is null ? admin : admin is null ? null : admin with { Bind = given.Bind };
        return (admin?.Bind ?? admin?.MetricsBind) is null ? null : admin;
    }

    public OptionSources SourcesOf(ParseResult arguments, ShellContext shell)
    {
        string? file = ConfigIn(arguments);
        if (file is null && arguments.GetValue(_listen) is null && File.Exists(Path.Combine(shell.Directory, DefaultFile)))
        {
            file = DefaultFile;
        }

        return new OptionSources
        {
            Presets = PresetsOf(arguments),
            File = file,
            Environment = shell.Environment,
            CommandLine = LayerOf(arguments),
            Directory = shell.Directory,
        };
    }

    // An error of the file as a whole names it already.
    private static string InFile(string file, string error) =>
        error.StartsWith($"{file}: ", StringComparison.Ordinal) ? error : $"{file}: {error}";

    private string? ConfigIn(ParseResult arguments) => arguments.GetValue(_configOfProxy) ?? arguments.GetValue(_config);

    private string? AdminIn(ParseResult arguments) => arguments.GetValue(_adminOfProxy) ?? arguments.GetValue(_admin);

    private static AdminOptions? AdminAt(string address) =>
        BindAddress.TryParse(address, out BindAddress? given) ? new AdminOptions { Bind = given } : null;

    private OptionLayer PresetsOf(ParseResult arguments)
    {
        var layer = new OptionLayer();
        if (arguments.GetValue(_backend) is not null && arguments.GetValue(_listen) is not null)
        {
            layer.TryAdd("listeners:0:name", NameWithoutSentinel, _backend.Name);
        }

        return layer;
    }

    private OptionLayer LayerOf(ParseResult arguments)
    {
        var layer = new OptionLayer();
        Add(_listen.Name, arguments.GetValue(_listen), "listeners:0:bind", LoopbackWhenPortOnly);
        Add(_master.Name, arguments.GetValue(_master), "listeners:0:master", value => value);
        Add(_backend.Name, arguments.GetValue(_backend), "backend:endpoint", value => value);
        Add(_admin.Name, AdminIn(arguments), "admin:bind", LoopbackWhenPortOnly);
        Add(_loops.Name, arguments.GetValue(_loops), "loops:count", value => value);

        if (arguments.GetValue(_sentinel) is { Length: > 0 } sentinels)
        {
            // A list given here is meant as a whole; a third Sentinel left over from the file would be a surprise.
            layer.Replace("sentinel:endpoints");
            string[] endpoints = [.. sentinels.SelectMany(s => s.Split(',', StringSplitOptions.TrimEntries))];
            foreach ((int index, string endpoint) in endpoints.Index())
            {
                layer.TryAdd(string.Create(CultureInfo.InvariantCulture, $"sentinel:endpoints:{index}"), endpoint, _sentinel.Name);
            }
        }

        return layer;

        void Add(string option, string? value, string path, Func<string, string> convert)
        {
            if (value is not null)
            {
                layer.TryAdd(path, convert(value), option);
            }
        }
    }

    private static string LoopbackWhenPortOnly(string address) =>
        HostEndpoint.TryParsePort(address, out _) ? $"127.0.0.1:{address}" : address;
}
